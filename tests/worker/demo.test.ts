/** The demonstration's routes: for its own pages, and nowhere else. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { demo } from "../../www/worker/demo.ts";

const controls: unknown[] = [];
/** A stand-in that takes whatever it is told. */
const AGORA_SERVICE = {
  async fetch(url: string, init?: RequestInit) {
    if (url.endsWith("/state")) return Response.json({ tasks: [] });
    controls.push(JSON.parse(String(init?.body)));
    return Response.json({ tasks: [1] });
  },
} as unknown as Fetcher;
const demonstration = { ...env, DEMONSTRATION: true, AGORA_SERVICE };
const KILL = '{"name":"kill","uid":9001}';

async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: string | null = null,
  bindings: object = demonstration,
) {
  const request = new Request(`https://worker.example${path}`, { method, headers, body });
  controls.length = 0;
  const answer = await demo().fetch(request, bindings);
  await answer.text();
  return { status: answer.status, controls: controls.length };
}

const ROUTES: [string, string, string | null][] = [
  ["GET", "/tasks", null],
  ["POST", "/faults", KILL],
  ["POST", "/mend", null],
];

test.each(ROUTES)("%s %s: from the same origin, or from what is no page", async (method, path, body) => {
  const played = method === "POST" ? 1 : 0;
  for (const headers of [
    {},
    { origin: "https://worker.example" },
    { origin: "https://worker.example", "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
  ] as Record<string, string>[])
    expect(await ask(method, path, headers, body), JSON.stringify(headers)).toEqual({ status: 200, controls: played });
  for (const headers of [
    { origin: "https://evil.example" },
    { origin: "https://worker.example.evil.example" },
    { origin: "https://sub.worker.example" },
    { origin: "http://worker.example" },
    { origin: "https://worker.example:8443" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://worker.example", "sec-fetch-site": "cross-site" },
  ] as Record<string, string>[])
    expect(await ask(method, path, headers, body), JSON.stringify(headers)).toEqual({ status: 403, controls: 0 });
});

test.each(ROUTES)("%s %s: only in the demonstration", async (method, path, body) => {
  for (const bindings of [
    { ...demonstration, DEMONSTRATION: undefined },
    { ...demonstration, DEMONSTRATION: false },
    { ...demonstration, DEMONSTRATION: "false" },
    { ...demonstration, AGORA_SERVICE: undefined },
  ])
    expect(await ask(method, path, {}, body, bindings)).toEqual({ status: 404, controls: 0 });
});

test("what is no fault, or no uid, is refused", async () => {
  for (const body of [
    ...["", "{", "null", "1", "[]", "{}", '{"name":"kill"}', '{"name":"none","uid":9001}', '{"name":{},"uid":9001}'],
    ...["0", "-1", "1.5", "4294967296", "1e300", '"9001"', "null", "{}"].map((uid) => `{"name":"kill","uid":${uid}}`),
  ])
    expect(await ask("POST", "/faults", {}, body), body).toEqual({ status: 400, controls: 0 });
});
