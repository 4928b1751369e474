import * as entries from "./entries.mjs";

export default { fetch: async () => new Response(await entries.calls(entries)) };
