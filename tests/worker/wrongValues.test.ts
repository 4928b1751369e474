/** Any value in a body, path or query is accepted, or refused with its name; it never breaks the Worker. */
import { env } from "cloudflare:workers";
import { signViewerToken } from "steadymix/cloudflare";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SHOW_LANES, showServices } from "../emulator/js/payload.ts";
import { QUICK } from "./policy.ts";
import { freshEmulator } from "./service.ts";
import { call, Show } from "./world.ts";

const [KEY = ""] = env.OPERATOR_KEYS?.split(" ") ?? [];
const [VIEWER_KEY = ""] = env.VIEWER_KEYS?.split(" ") ?? [];

const deep = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);
const array = (levels: number) => deep("[", "]", levels);
const object = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

/** JSON texts. */
const WRONG_VALUES = [
  ...["null", "true", "-1", "0", "1.5", "1e308", "1e400", "123456789012345678901234567890", "-0"],
  ...['""', '"x"', '"\\ud800"', '"\\udc00x"', '"\\u0000"', '"***"', '"***.x"', JSON.stringify("x".repeat(5_000))],
  ...["[]", "[[]]", "[null]", "{}", '{"toString":"x"}', '{"toString":null,"valueOf":1}', '{"__proto__":{"id":"x"}}'],
  ...['{"__proto__":null}', '{"constructor":{"prototype":{}}}', '{"then":"x"}', '{"toJSON":"x"}', '{"length":-1}'],
  ...[array(40), array(4_000), object(40), object(4_000)],
];

const bytes = (...values: number[]) => new Uint8Array(values);
const WRONG_BODIES: [string, BodyInit | null][] = [
  ...["", " ", "{", "}", "null", "1", '"x"', "[]", "nonsense", "{}{}", "{'id':1}", '{"id":NaN}', "\u0000"].map(
    (text): [string, string] => [JSON.stringify(text), text],
  ),
  ["none", null],
  ["4,000 arrays", array(4_000)],
  ["4,000 objects", object(4_000)],
  ["arrays that are not closed", "[".repeat(4_000)],
  ["a key that is not UTF-8", bytes(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
  ["UTF-16", bytes(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00)],
  ["a surrogate in UTF-8", bytes(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d)],
];

const INVALID = { status: 400, code: "INVALID_BODY" };

interface Operation {
  operationId: string;
  requestBody?: object;
}
let paths: Record<string, Record<string, Operation>>;
let show: Show;
let quota: { report: (entry: object) => Promise<void>; remove: (id: string) => Promise<void> };

beforeAll(async () => {
  freshEmulator();
  ({ paths } = (await (await call("/openapi.json")).json()) as { paths: typeof paths });
  show = await Show.start();
  await show.running();
  // Values that are accepted start nothing: the PCW is reached.
  quota = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(env.AGORA_APP_ID)) as unknown as typeof quota;
  await quota.report({ id: "full", state: "live", onAir: null, tasks: 10_000, startedAt: 1 });
});
afterAll(async () => {
  await quota.remove("full");
  await show.stop();
});

/** An example body for each operation. */
const EXAMPLES: Record<string, object[]> = {
  startBroadcast: [{ id: "example", services: showServices(), lanes: SHOW_LANES, policy: QUICK, quota: { pcw: 30 } }],
  updateBroadcast: [{ services: showServices() }, { lanes: [{ name: "backup", services: showServices() }] }],
  makeViewerToken: [{ lifetimeS: 60 }],
  report: [{ type: "gone", uid: 9001, channel: "show" }],
  notify: [{}],
};

async function send(operationId: string, method: string, path: string, body?: BodyInit | null, type?: string) {
  const isViewers = ["getOnAir", "watch", "report"].includes(operationId);
  const token = isViewers ? (await signViewerToken(VIEWER_KEY, show.id, 60)).token : KEY;
  const headers = { authorization: `Bearer ${token}`, ...(type === undefined ? {} : { "content-type": type }) };
  const answer = await call(path, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  const what = `${method} ${path} ${typeof body === "string" ? body.slice(0, 300) : ""} → ${answer.status} ${text.slice(0, 300)}`;
  expect(answer.status, what).toBeLessThan(500);
  const { error } = JSON.parse(text) as { error?: { code: string; message: string } };
  if (answer.status >= 400) expect(error?.message, what).toBeTypeOf("string");
  // Errors do not echo large values.
  expect(text.length, what).toBeLessThan(20_000);
  return { status: answer.status, error, what };
}

const pathOf = (template: string) => template.replace("{id}", show.id);
const operations = () =>
  Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== "parameters")
      .map(([method, operation]) => ({ template, method: method.toUpperCase(), ...operation })),
  );

/** The example as JSON with `value` in place of each of its values in turn, and as an additional field. */
function* changed(example: unknown, value: string): Generator<string> {
  if (typeof example !== "object" || example === null) return;
  if (!Array.isArray(example)) for (const name of ["__proto__", "toString", "more"]) yield set(example, name, value);
  for (const [name, member] of Object.entries(example)) {
    yield set(example, name, value);
    // One update covers the payload: it is parsed in the same way elsewhere.
    if (name === "services" && ("lanes" in example || "name" in example)) continue;
    for (const inside of changed(member, value)) yield set(example, name, inside);
  }
}

function set(example: object, name: string, value: string): string {
  const entries = Object.entries(example).map(([key, member]) => [key, JSON.stringify(member)]);
  const all = [...entries.filter(([key]) => key !== name), [name, value]];
  if (Array.isArray(example)) return `[${all.map(([, member]) => member).join()}]`;
  return `{${all.map(([key, member]) => `${JSON.stringify(key)}:${member}`).join()}}`;
}

test("bodies that are not JSON objects", async () => {
  for (const { template, method, operationId, requestBody } of operations()) {
    if (!requestBody || operationId === "notify") continue;
    for (const [name, body] of WRONG_BODIES) {
      const { status, error, what } = await send(operationId, method, pathOf(template), body);
      // Routes with small bodies refuse this as too large.
      const isTooLarge = status === 413 && typeof body === "string" && body.length > 1024;
      if (!isTooLarge) expect({ status, code: error?.code }, `${name}: ${what}`).toEqual(INVALID);
    }
  }
});

test("wrong values, at every path", async () => {
  let count = 0;
  for (const { template, method, operationId, requestBody } of operations()) {
    if (!requestBody) continue;
    const examples = EXAMPLES[operationId] ?? [];
    expect(examples, `${operationId} has no example here`).not.toEqual([]);
    for (const value of WRONG_VALUES) {
      for (const body of new Set([value, ...examples.flatMap((example) => [...changed(example, value)])])) {
        await send(operationId, method, pathOf(template), body);
        count += 1;
      }
    }
  }
  expect(count).toBeGreaterThan(1_000);
  expect((await show.status()).state).toBe("live");
});

test("a body that nests too deep is refused for that reason", async () => {
  for (const nested of [array(4_000), object(4_000)]) {
    for (const name of ["id", "services", "lanes", "policy"]) {
      const { status, error } = await send("startBroadcast", "POST", "/broadcasts", `{"${name}":${nested}}`);
      expect({ status, code: error?.code }).toEqual(INVALID);
      expect(error?.message).toContain("64 levels");
    }
  }
});

test("wrong ids and numbers in a path, a query or a body", async () => {
  const wrong = ["%00", "%", "%zz", "%ff", "..%2f..", "a%20b", "x".repeat(60), "%F0%9F%98%80", "a.b", "[]", "{}"];
  for (const { template, method, operationId } of operations()) {
    if (!template.includes("{id}") || ["getOnAir", "watch", "report"].includes(operationId)) continue;
    for (const id of wrong) {
      const [body] = EXAMPLES[operationId] ?? [];
      const path = template.replace("{id}", id);
      const { status, what } = await send(operationId, method, path, body && JSON.stringify(body));
      expect(status, what).toBe(404);
    }
  }
  for (const since of ["-1", "1.5", "1e3", "x", "", "NaN", "0x10", "9".repeat(16), "%00", "[]", "1&since=x"]) {
    const { status, error, what } = await send("getEvents", "GET", `/broadcasts/${show.id}/events?since=${since}`);
    if (since === "1&since=x") continue;
    expect({ status, code: error?.code }, what).toEqual({ status: 400, code: "INVALID_QUERY" });
  }
  for (const value of WRONG_VALUES.filter((value) => value.length < 5_000 && value !== '"x"')) {
    const { status, error, what } = await send("startBroadcast", "POST", "/broadcasts", `{"id":${value}}`);
    expect({ status, error }, what).toMatchObject({ status: 400, error: { code: "INVALID_OPTIONS", field: "id" } });
  }
});

test("a body is read as JSON, whatever its content type", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense", ""]) {
    const { status } = await send("report", "POST", `/broadcasts/${show.id}/reports`, '{"type":"gone","uid":1}', type);
    expect(status, type).toBe(202);
  }
});
