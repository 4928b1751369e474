import * as entries from "../../../../src/entries.mjs";

export const runtime = "edge";
export const dynamic = "force-dynamic";

export const GET = async () => new Response(await entries.calls(entries));
