/** The routes: who may use them, what they accept, and that answers match the description. */
import { env } from "cloudflare:workers";
import { type Schema, Validator } from "@cfworker/json-schema";
import { Hono } from "hono";
import { sign } from "hono/jwt";
import { Broadcast, handler, type SteadymixEnv, signViewerToken } from "steadymix/cloudflare";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { SHOW_LANES, showServices } from "../emulator/js/payload.ts";
import { QUICK } from "./policy.ts";
import { freshEmulator } from "./service.ts";
import { call, freshId, Show } from "./world.ts";

const [KEY = "", FORMER_KEY = ""] = env.OPERATOR_KEYS?.split(" ") ?? [];
const [VIEWER_KEY = "", FORMER_VIEWER_KEY = ""] = env.VIEWER_KEYS?.split(" ") ?? [];
const asOperator = { authorization: `Bearer ${KEY}` };

interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  security?: object[];
  parameters?: object[];
  requestBody?: { required: boolean };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}
let description: {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};

beforeAll(async () => {
  description = await (await call("/openapi.json")).json();
});

interface Called {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: checked against the description
  json: any;
}

/** Calls a route, and checks its answer against the description. */
async function ask(
  method: string,
  path: string,
  init: { headers?: HeadersInit; body?: unknown } = {},
): Promise<Called> {
  const body = init.body === undefined ? null : typeof init.body === "string" ? init.body : JSON.stringify(init.body);
  const answer = await call(path, { method, body, ...(init.headers ? { headers: init.headers } : {}) });
  const template = path.replace(/\?.*/, "").replace(/^(\/broadcasts\/)[^/]+/, "$1{id}");
  const operation = description.paths[template]?.[method.toLowerCase()];
  const json: unknown = await answer.json();
  const described = operation?.responses[String(answer.status)];
  if (operation) expect(described, `${method} ${template} → ${answer.status} ${JSON.stringify(json)}`).toBeDefined();
  const schema = described?.content?.["application/json"]?.schema;
  if (schema) {
    const whole = { ...schema, components: description.components } as Schema;
    expect(new Validator(whole, "2020-12").validate(json).errors, `${method} ${template} → ${answer.status}`).toEqual(
      [],
    );
  }
  return { status: answer.status, headers: answer.headers, json };
}

const newBroadcast = (more: object = {}) => ({
  id: freshId(),
  services: showServices(),
  lanes: SHOW_LANES,
  policy: QUICK,
  ...more,
});

test("the life of a broadcast through the routes", async () => {
  const emulator = freshEmulator();
  const body = newBroadcast();
  const show = new Show(body.id);
  const started = await ask("POST", "/broadcasts", { headers: asOperator, body });
  expect(started).toMatchObject({ status: 201, json: { id: body.id, state: "starting" } });
  expect(started.headers.get("location")).toBe(`/api/broadcasts/${body.id}`);
  await show.running();
  // The list gets the report a moment later.
  const listed = async () => (await ask("GET", "/broadcasts", { headers: asOperator })).json.broadcasts[0];
  await expect.poll(listed).toMatchObject({ id: body.id, state: "live", onAir: { uid: 9001 }, tasks: 2 });
  const path = `/broadcasts/${body.id}`;
  expect((await ask("GET", path, { headers: asOperator })).json).toMatchObject({ state: "live" });
  const services = showServices();
  // The service can change this in a running task.
  for (const output of services.cloudTranscoder.config.transcoder.outputs)
    output.audioOption = { profileType: "AUDIO_PROFILE_DEFAULT" };
  expect(await ask("PATCH", path, { headers: asOperator, body: { services } })).toMatchObject({ status: 200 });
  await expect.poll(() => emulator.state().stats.calls.update).toBe(2);
  const { json } = await ask("GET", `${path}/events`, { headers: asOperator });
  expect(json.events.map(({ type }: { type: string }) => type)).toContain("confirmed");
  expect(json.next).toBe(json.events.at(-1).seq);
  expect(
    (await ask("GET", `${path}/events?since=${json.next}`, { headers: asOperator })).json.next,
  ).toBeGreaterThanOrEqual(json.next);
  const quota = await ask("GET", "/quota", { headers: asOperator });
  expect(quota.json.tasks).toBe(2);
  const { token } = (await ask("POST", `${path}/viewer-tokens`, { headers: asOperator, body: {} })).json;
  const viewer = { authorization: `Bearer ${token}` };
  expect((await ask("GET", `${path}/on-air`, { headers: viewer })).json).toMatchObject({ onAir: { uid: 9001 } });
  const report = await ask("POST", `${path}/reports`, { headers: viewer, body: { type: "gone", uid: 9001 } });
  expect(report).toMatchObject({ status: 202, json: { report: "taken" } });
  expect(await ask("DELETE", path, { headers: asOperator })).toMatchObject({
    status: 202,
    json: { state: "stopping" },
  });
  await show.state("ended");
  await expect.poll(listed).toMatchObject({ state: "ended", tasks: 0 });
  expect(await ask("POST", "/broadcasts", { headers: asOperator, body })).toMatchObject({
    status: 409,
    json: { error: { code: "ENDED" } },
  });
});

test("each lane may have its own payload", async () => {
  const emulator = freshEmulator();
  const body = newBroadcast();
  const show = new Show(body.id);
  await ask("POST", "/broadcasts", { headers: asOperator, body });
  await show.running();
  const patch = (update: object) => ask("PATCH", `/broadcasts/${body.id}`, { headers: asOperator, body: update });
  const louder = showServices();
  for (const output of louder.cloudTranscoder.config.transcoder.outputs)
    output.audioOption = { profileType: "AUDIO_PROFILE_DEFAULT" };
  const updates = [
    { lane: "primary", via: "nothing" },
    { lane: "backup", via: "update" },
  ];
  const patched = await patch({ lanes: [{ name: "backup", services: louder }] });
  expect(patched).toMatchObject({ status: 200, json: { updates } });
  await expect.poll(() => emulator.state().stats.calls.update).toBe(1);
  // The status can no longer show one payload for both.
  await expect.poll(async () => (await show.status()).services).toBeNull();
  const code = "INVALID_TASK";
  for (const [lanes, field] of [
    [[{ name: "third", services: louder }], "lanes[0].name"],
    [
      [{ name: "primary", services: showServices(0) }],
      "lanes[0].services.cloudTranscoder.config.transcoder.idleTimeout",
    ],
    [[], "lanes"],
    ["primary", "lanes"],
  ] as const)
    expect(await patch({ lanes }), JSON.stringify(field)).toMatchObject({
      status: 400,
      json: { error: { code, field } },
    });
  await show.stop();
});

test("health and description need no key", async () => {
  expect(await ask("GET", "/health")).toMatchObject({ status: 200, json: { status: "ok" } });
  expect(await ask("GET", "/openapi.json")).toMatchObject({ status: 200, json: { servers: [{ url: "/api" }] } });
});

test("the description has every route, and no other", () => {
  // Entries for all methods are not routes: they are middleware and the answer to unknown paths.
  const routes = handler().routes.filter(({ method }) => method !== "ALL");
  const named = new Set(routes.map(({ method, path }) => `${method} ${path.replace(":id", "{id}")}`));
  const described = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== "parameters")
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect([...named].sort()).toEqual(described.sort());
});

test("each operation describes who may use it, its body and its answers", () => {
  const operations = Object.values(description.paths).flatMap(({ parameters: _, ...methods }) =>
    Object.values(methods),
  );
  const summary = operations.map(({ operationId, security, requestBody, responses }) => [
    operationId,
    security?.flatMap((scheme) => Object.keys(scheme)).join() ?? "anybody",
    requestBody?.required ?? false,
    Object.keys(responses).join(" "),
  ]);
  const viewers = "viewer,viewerInAddress";
  expect(summary.sort()).toEqual([
    ["describe", "anybody", false, "200"],
    ["getBroadcast", "operator", false, "200 401 403 404 500 503"],
    ["getEvents", "operator", false, "200 400 401 403 404 500 503"],
    ["getOnAir", viewers, false, "200 401 403 404 500 503"],
    ["getQuota", "operator", false, "200 401 403 500 503"],
    ["health", "anybody", false, "200 500 503"],
    ["listBroadcasts", "operator", false, "200 401 403 500 503"],
    ["makeViewerToken", "operator", true, "201 400 401 403 404 408 413 500 503"],
    ["notify", "anybody", true, "200 401 408 413 500 503"],
    ["report", viewers, true, "202 400 401 403 404 408 413 500 503"],
    ["startBroadcast", "operator", true, "201 400 401 403 408 409 413 500 503"],
    ["stopBroadcast", "operator", false, "202 401 403 404 500 503"],
    ["updateBroadcast", "operator", true, "200 400 401 403 404 408 409 413 500 503"],
    ["watch", viewers, false, "101 200 204 401 403 404 426 429 500 503"],
  ]);
  const ids = Object.entries(description.paths).filter(([, { parameters }]) => parameters !== undefined);
  expect(ids.map(([path]) => path)).toEqual(Object.keys(description.paths).filter((path) => path.includes("{id}")));
  for (const [, { parameters }] of ids)
    expect(parameters).toEqual([expect.objectContaining({ name: "id", in: "path", required: true })]);
});

test("the description is complete: texts, parameters, headers, codes, schemas", () => {
  const { get: list, post: start } = description.paths["/broadcasts"] ?? {};
  expect(list).not.toHaveProperty("description");
  expect(start?.summary).toBe("Starts a broadcast.");
  expect(start?.description).toBe("Repeating the request changes nothing. An id can be used only once.");
  expect(start?.responses["201"]).toMatchObject({ headers: { location: { schema: { type: "string" } } } });
  expect(start?.responses["409"]?.description).toBe("ALREADY_STARTED, ENDED, PCW_REACHED");
  const watch = description.paths["/broadcasts/{id}/watch"]?.get?.description;
  for (const part of ["OnAirUpdate", "server-sent events", "the token expires"]) expect(watch).toContain(part);
  const since = { name: "since", in: "query", schema: { type: "integer", minimum: 0, maximum: 999_999_999_999_999 } };
  expect(description.paths["/broadcasts/{id}/events"]?.get?.parameters).toEqual([since]);
  expect(description.components.schemas.ViewerReport).toEqual({
    type: "object",
    description: "A viewer's message that the output on air does not arrive.",
    properties: {
      type: { type: "string", const: "gone", description: "Always `gone`." },
      uid: { $ref: "#/components/schemas/Uid", description: "The output's uid." },
      channel: expect.objectContaining({ type: "string" }),
    },
    required: ["type", "uid"],
    additionalProperties: false,
  });
});

test("an object's refusal with a code that no route has becomes INTERNAL", async () => {
  const start = vi.spyOn(Broadcast.prototype, "start");
  start.mockResolvedValue({ ok: false, error: { code: "DISPOSED", message: "this object was disposed or freed" } });
  const refused = await ask("POST", "/broadcasts", { headers: asOperator, body: newBroadcast() });
  expect(refused).toMatchObject({ status: 500, json: { error: { code: "INTERNAL" } } });
  start.mockRestore();
});

test("every referenced schema is defined, and every defined schema is referenced", () => {
  const names = [...JSON.stringify(description).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  );
  expect([...new Set(names)].sort()).toEqual(Object.keys(description.components.schemas).sort());
  expect(names).toEqual(expect.arrayContaining(["NewBroadcast", "BroadcastStatus", "Services", "ErrorAnswer"]));
});

test("the description has the path at which the routes are mounted", async () => {
  for (const [path, url] of [
    ["/", "/"],
    ["/api/v1", "/api/v1"],
    ["/openapi.json/v1", "/openapi.json/v1"],
  ] as const) {
    const app = new Hono<{ Bindings: SteadymixEnv }>().route(path, handler());
    const answer = await app.request(`${path === "/" ? "" : path}/openapi.json`, {}, env);
    expect(await answer.json()).toMatchObject({ servers: [{ url }] });
  }
});

const OPERATOR_ROUTES: [string, string][] = [
  ["GET", "/broadcasts"],
  ["POST", "/broadcasts"],
  ["GET", "/broadcasts/x"],
  ["PATCH", "/broadcasts/x"],
  ["DELETE", "/broadcasts/x"],
  ["GET", "/broadcasts/x/events"],
  ["POST", "/broadcasts/x/viewer-tokens"],
  ["GET", "/quota"],
];

describe("operators only", () => {
  test.each(OPERATOR_ROUTES)("%s %s", async (method, path) => {
    const wrong = [
      "",
      "Bearer",
      KEY,
      `X Bearer ${KEY}`,
      `XBearer ${KEY}`,
      `Bearer ${KEY}x`,
      `Bearer ${KEY.slice(1)}`,
      `Basic ${KEY}`,
      `Bearer ${KEY} ${KEY}`,
    ];
    const { token } = await signViewerToken(VIEWER_KEY, "x", 60);
    for (const authorization of [...wrong, `Bearer ${token}`]) {
      const { status, json } = await ask(method, path, { headers: { authorization } });
      expect({ status, code: json.error.code }).toEqual({ status: 401, code: "UNAUTHORIZED" });
      expect(JSON.stringify(json)).not.toContain(KEY.slice(1));
    }
    const { status, json } = await ask(method, path);
    expect(status).toBe(401);
    expect(json.error.message).toContain("an operator key is required");
    const foreign = { ...asOperator, origin: "https://evil.example" };
    expect(await ask(method, path, { headers: foreign })).toMatchObject({
      status: 403,
      json: { error: { code: "ORIGIN_NOT_ALLOWED" } },
    });
    // Both keys are valid during a rotation.
    const statuses = [];
    for (const authorization of [`Bearer ${KEY}`, `Bearer ${FORMER_KEY}`, `bearer  ${KEY}`]) {
      statuses.push((await ask(method, path, { headers: { authorization } })).status);
    }
    expect(statuses.every((status) => status !== 401 && status !== 403)).toBe(true);
  });
});

const VIEWER_ROUTES: [string, string][] = [
  ["GET", "/broadcasts/x/on-air"],
  ["GET", "/broadcasts/x/watch"],
  ["POST", "/broadcasts/x/reports"],
];

describe("viewers with a token only", () => {
  test.each(VIEWER_ROUTES)("%s %s", async (method, path) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { sub: "x", aud: "steadymix-viewer", exp: now + 60 };
    const bad = {
      none: undefined,
      nonsense: "a.b.c",
      "of another broadcast": (await signViewerToken(VIEWER_KEY, "y", 60)).token,
      expired: await sign({ ...claims, exp: now - 1 }, VIEWER_KEY, "HS256"),
      "without an end": await sign({ sub: "x", aud: claims.aud }, VIEWER_KEY, "HS256"),
      "for something else": await sign({ ...claims, aud: "other" }, VIEWER_KEY, "HS256"),
      "of another key": await sign(claims, "another-key-with-32-characters-or-more", "HS256"),
      "of another algorithm": await sign(claims, VIEWER_KEY, "HS512"),
      unsigned: `${btoa('{"alg":"none","typ":"JWT"}')}.${btoa(JSON.stringify(claims))}.`.replaceAll("=", ""),
      "an operator's key": KEY,
    };
    for (const [name, token] of Object.entries(bad)) {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const { status, json } = await ask(method, path, { headers });
      expect({ status, code: json.error.code }, name).toEqual({ status: 401, code: "UNAUTHORIZED" });
      expect(JSON.stringify(json)).not.toContain("viewer-key");
      if (token === undefined) expect(json.error.message).toContain("a viewer token is required");
    }
    for (const key of [VIEWER_KEY, FORMER_VIEWER_KEY]) {
      const { token } = await signViewerToken(key, "x", 60);
      expect((await ask(method, path, { headers: { authorization: `Bearer ${token}` } })).status).not.toBe(401);
      expect((await ask(method, `${path}?token=${token}`)).status).not.toBe(401);
      const headers = { origin: "https://evil.example", authorization: `Bearer ${token}` };
      expect((await ask(method, path, { headers })).status).toBe(403);
    }
  });
});

describe("errors name the invalid field", () => {
  const post = (body: unknown) => ask("POST", "/broadcasts", { headers: asOperator, body });

  test.each([
    ["not JSON", "{", "INVALID_BODY", undefined],
    ["not an object", "[]", "INVALID_BODY", undefined],
    ["an id with a space", newBroadcast({ id: "a b" }), "INVALID_OPTIONS", "id"],
    ["an id too long for the service", newBroadcast({ id: "x".repeat(51) }), "INVALID_OPTIONS", "id"],
    ["an id that is no text", newBroadcast({ id: 1 }), "INVALID_OPTIONS", "id"],
    ["another App ID", newBroadcast({ appId: "x" }), "INVALID_OPTIONS", "appId"],
    ["an instanceId", newBroadcast({ instanceId: "x" }), "INVALID_OPTIONS", "instanceId"],
    ["a snapshot", newBroadcast({ snapshot: "x" }), "INVALID_OPTIONS", "snapshot"],
    ["one uid", newBroadcast({ lanes: [{ name: "primary", uids: [1] }] }), "INVALID_OPTIONS", "lanes[0].uids"],
    ["a setting that does not exist", newBroadcast({ polcy: {} }), "INVALID_OPTIONS", "polcy"],
    ["no payload", newBroadcast({ services: undefined }), "INVALID_OPTIONS", "services"],
    [
      "a wrong payload",
      newBroadcast({ services: showServices(0) }),
      "INVALID_OPTIONS",
      "services.cloudTranscoder.config.transcoder.idleTimeout",
    ],
    [
      "a wrong payload of a lane's own",
      newBroadcast({ lanes: [SHOW_LANES[0], { ...SHOW_LANES[1], services: showServices(0) }] }),
      "INVALID_OPTIONS",
      "lanes[1].services.cloudTranscoder.config.transcoder.idleTimeout",
    ],
  ])("%s", async (_, body, code, field) => {
    const { status, json } = await post(body);
    expect(status).toBe(400);
    expect(json.error.code).toBe(code);
    if (field !== undefined) expect(json.error.field).toBe(field);
    expect(json.error.message).not.toMatch(/^config\./);
  });

  test("a body that is too large", async () => {
    const { status, json } = await post(`{"services":"${"x".repeat(1_100_000)}"}`);
    expect({ status, code: json.error.code }).toEqual({ status: 413, code: "BODY_TOO_LARGE" });
  });

  test("unknown routes and methods", async () => {
    expect(await ask("GET", "/nothing")).toMatchObject({ status: 404, json: { error: { code: "NOT_FOUND" } } });
    const put = await ask("PUT", "/broadcasts", { headers: asOperator });
    expect(put).toMatchObject({ status: 405, json: { error: { code: "METHOD_NOT_ALLOWED" } } });
    expect(put.headers.get("allow")).toContain("POST");
    for (const id of ["x", "..%2f..", "x".repeat(60), "%00"]) {
      expect((await ask("GET", `/broadcasts/${id}`, { headers: asOperator })).status).toBe(404);
    }
    const { token } = await signViewerToken(VIEWER_KEY, "x", 60);
    const body = { type: "gone", uid: 9001 };
    const report = await ask("POST", `/broadcasts/x/reports?token=${token}`, { body });
    expect(report).toMatchObject({ status: 404, json: { error: { code: "NOT_FOUND" } } });
    const since = await ask("GET", "/broadcasts/x/events?since=-1", { headers: asOperator });
    expect(since).toMatchObject({
      status: 400,
      json: { error: { code: "INVALID_QUERY", field: "since", value: '"-1"' } },
    });
    const late = await ask("GET", `/broadcasts/x/events?since=${"9".repeat(16)}`, { headers: asOperator });
    const [value, allowed] = [`"${"9".repeat(16)}"`, "an integer from 0 to 999999999999999"];
    expect(late).toMatchObject({ status: 400, json: { error: { field: "since", value, allowed } } });
    expect(since.headers.has("allow")).toBe(false);
  });

  test("an invalid id reaches no object", async () => {
    const reached: string[] = [];
    const BROADCAST = {
      idFromName: (name: string) => {
        reached.push(name);
        return env.BROADCAST.idFromName(name);
      },
      get: (id: DurableObjectId) => env.BROADCAST.get(id),
    };
    for (const id of ["..%2f..", "a%20b", "%00", "x".repeat(51), "x"]) {
      const request = new Request(`https://worker.example/broadcasts/${id}`, { headers: asOperator });
      expect((await handler().fetch(request, { ...env, BROADCAST })).status, id).toBe(404);
    }
    expect(reached).toEqual(["x"]);
  });

  test("errors of the caller are not logged", async () => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    expect((await ask("GET", "/broadcasts/x")).status).toBe(401);
    expect((await ask("GET", "/broadcasts/x", { headers: asOperator })).status).toBe(404);
    expect((await post("[]")).status).toBe(400);
    expect(logged).not.toHaveBeenCalled();
    logged.mockRestore();
  });

  test("an update of anything but the payload, and a lifetime that is too long", async () => {
    const patch = await ask("PATCH", "/broadcasts/x", { headers: asOperator, body: { uids: [] } });
    expect(patch).toMatchObject({ status: 400, json: { error: { code: "INVALID_OPTIONS", field: "uids" } } });
    const both = { services: {}, lanes: [] };
    const twice = await ask("PATCH", "/broadcasts/x", { headers: asOperator, body: both });
    expect(twice).toMatchObject({ status: 400, json: { error: { code: "INVALID_OPTIONS", field: "services" } } });
    for (const lifetimeS of [0, 1.5, 86_401, "60", null]) {
      const body = { lifetimeS };
      const made = await ask("POST", "/broadcasts/x/viewer-tokens", { headers: asOperator, body });
      const [value, allowed] = [JSON.stringify(lifetimeS), "an integer from 1 to 86400"];
      const error = { code: "INVALID_BODY", field: "lifetimeS", value, allowed };
      expect(made, value).toMatchObject({ status: 400, json: { error } });
    }
    const misspelt = await ask("POST", "/broadcasts/x/viewer-tokens", { headers: asOperator, body: { lifetime: 60 } });
    const error = { field: "lifetime", value: "60", allowed: "left out: the fields are lifetimeS" };
    expect(misspelt).toMatchObject({ status: 400, json: { error } });
  });

  test("a field of a viewer's report", async () => {
    const { token } = await signViewerToken(VIEWER_KEY, "x", 60);
    for (const [body, field, value, allowed] of [
      [{ uid: 9001 }, "type", "missing", '"gone"'],
      [{ type: "left", uid: 9001 }, "type", '"left"', '"gone"'],
      [{ type: "gone" }, "uid", "missing", "an integer from 1 to 4294967295"],
      [{ type: "gone", uid: 0 }, "uid", "0", "an integer from 1 to 4294967295"],
      [{ type: "gone", uid: 4_294_967_296 }, "uid", "4294967296", "an integer from 1 to 4294967295"],
      [{ type: "gone", uid: "9001" }, "uid", '"9001"', "an integer from 1 to 4294967295"],
      [{ type: "gone", uid: 9001, channel: null }, "channel", "null", "a string"],
      [{ type: "gone", uid: 9001, chanel: "a" }, "chanel", '"a"', "left out: the fields are type, uid, channel"],
    ] as const) {
      const message = `${field} is ${value}, but must be ${allowed}`;
      const error = { code: "INVALID_BODY", message, field, value, allowed };
      const refused = await ask("POST", `/broadcasts/x/reports?token=${token}`, { body });
      expect(refused, JSON.stringify(body)).toMatchObject({ status: 400, json: { error } });
    }
  });

  test("more tasks than the PCW allows", async () => {
    const lanes = Array.from({ length: 99 }, (_, i) => ({ name: `lane ${i}`, uids: [10_000 + 2 * i, 10_001 + 2 * i] }));
    const quota = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(env.AGORA_APP_ID));
    const entry = { id: "many", state: "live" as const, onAir: null, tasks: 9_950, startedAt: 1 };
    await quota.report(entry);
    const { status, json } = await post(newBroadcast({ lanes }));
    expect({ status, code: json.error.code }).toEqual({ status: 409, code: "PCW_REACHED" });
    await quota.remove("many");
  });
});

test("missing settings are reported, and every request is refused", async () => {
  const { token } = await signViewerToken(VIEWER_KEY, "x", 60);
  const asked = async (settings: object, path: string, authorization: string) => {
    const request = new Request(`https://worker.example${path}`, { headers: { authorization } });
    const answer = await handler().fetch(request, { ...env, ...settings });
    return { ...((await answer.json()) as { error?: object }), status: answer.status };
  };
  const operator = `Bearer ${KEY}`;
  const allowed = expect.stringMatching(/^a secret: keys of (16|32) characters or more each, separated by spaces$/);
  for (const [settings, path, authorization, value] of [
    [{ OPERATOR_KEYS: undefined }, "/quota", operator, "not set"],
    [{ OPERATOR_KEYS: "" }, "/quota", "Bearer ", "not set"],
    [{ OPERATOR_KEYS: "short" }, "/quota", "Bearer short", "too short"],
    [{ OPERATOR_KEYS: `${KEY} short` }, "/quota", operator, "too short"],
    [{ AGORA_CUSTOMER_SECRET: undefined }, "/quota", operator, "not set"],
    [{ VIEWER_KEYS: undefined }, "/broadcasts/x/on-air", `Bearer ${token}`, "not set"],
    [{ VIEWER_KEYS: `${VIEWER_KEY} former` }, "/broadcasts/x/on-air", `Bearer ${token}`, "too short"],
  ] as const) {
    const [field = ""] = Object.keys(settings);
    const code = "MISCONFIGURED";
    const expected = { code, field, value, ...(field.endsWith("_KEYS") ? { allowed } : {}) };
    for (const of of [path, "/health"]) {
      const { status, error } = await asked(settings, of, authorization);
      // A Worker without viewers needs no keys for them.
      if (of === "/health" && field === "VIEWER_KEYS" && value === "not set") expect(status).toBe(200);
      else
        expect({ status, error }, `${JSON.stringify(settings)} ${of}`).toMatchObject({ status: 503, error: expected });
    }
  }
});

test("an invalid App ID or certificate is named, but not shown", async () => {
  const certificate = "not-a-certificate-but-a-secret";
  for (const [settings, field] of [
    [{ AGORA_APP_CERTIFICATE: certificate }, "AGORA_APP_CERTIFICATE"],
    [{ AGORA_APP_CERTIFICATE: `x${"a".repeat(32)}` }, "AGORA_APP_CERTIFICATE"],
    [{ AGORA_APP_CERTIFICATE: "a".repeat(33) }, "AGORA_APP_CERTIFICATE"],
    [{ AGORA_APP_CERTIFICATE: "A".repeat(32) }, undefined],
    [{ AGORA_APP_ID: "app" }, "AGORA_APP_ID"],
    [{ AGORA_APP_ID: "app", AGORA_APP_CERTIFICATE: "" }, undefined],
  ] as const) {
    const request = new Request("https://worker.example/quota", { headers: asOperator });
    const answer = await handler().fetch(request, { ...env, ...settings });
    const text = await answer.text();
    expect(answer.status, text).toBe(field ? 503 : 200);
    if (field) expect(JSON.parse(text)).toMatchObject({ error: { code: "MISCONFIGURED", field } });
    expect(text).not.toContain(certificate);
  }
});

test("an invalid origin is named", async () => {
  for (const [ALLOWED_ORIGINS, value] of [
    ["https://a.example,https://b.example", "https://a.example,https://b.example"],
    ["https://a.example https://b.example/", "https://b.example/"],
    ["*", "*"],
    ["null", "null"],
    ["show.example", "show.example"],
    ["https://a.example\n https://b.example:8443", undefined],
    ["", undefined],
  ] as const) {
    const request = new Request("https://worker.example/quota", { headers: asOperator });
    const answer = await handler().fetch(request, { ...env, ALLOWED_ORIGINS });
    expect(answer.status, ALLOWED_ORIGINS).toBe(value === undefined ? 200 : 503);
    if (value === undefined) continue;
    expect(await answer.json()).toMatchObject({ error: { code: "MISCONFIGURED", field: "ALLOWED_ORIGINS", value } });
  }
});

describe("secrets and origins are separated by spaces, and by nothing else", () => {
  const [first, second] = ["first-half-of-a-key,second-half-of-a-key,", "former;key|with\u00a0others~32-characters"];
  const list = ` ${first}  ${second}\n`;
  const parts = [...first.split(",").filter((part) => part), ...second.split(/[;|\u00a0]/), `${first} ${second}`, list];

  test("operator keys", async () => {
    const statusOf = async (key: string) => {
      const headers = { authorization: `Bearer ${key}` };
      const request = new Request("https://worker.example/quota", { headers });
      return (await handler().fetch(request, { ...env, OPERATOR_KEYS: list.replace("\u00a0", "_") })).status;
    };
    for (const key of [first, second.replace("\u00a0", "_")]) expect(await statusOf(key), key).toBe(200);
    for (const part of parts.map((part) => part.replace("\u00a0", "_"))) expect(await statusOf(part), part).toBe(401);
  });

  test("viewer keys", async () => {
    const keys = { VIEWER_KEYS: list };
    const statusOf = async (key: string) => {
      const exp = Math.floor(Date.now() / 1000) + 60;
      const token = await sign({ sub: "x", aud: "steadymix-viewer", exp }, key, "HS256");
      const request = new Request(`https://worker.example/broadcasts/x/on-air?token=${token}`);
      return (await handler().fetch(request, { ...env, ...keys })).status;
    };
    for (const key of [first, second]) expect(await statusOf(key), key).toBe(404);
    for (const part of parts) expect(await statusOf(part), part).toBe(401);
  });

  test("secrets of notifications", async () => {
    const statusOf = async (secret: string) => {
      const bytes = new TextEncoder().encode(secret);
      const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode("{")));
      const hex = Array.from(signature, (byte) => byte.toString(16).padStart(2, "0")).join("");
      const headers = { "agora-signature-v2": hex };
      const request = new Request("https://worker.example/notifications", { method: "POST", headers, body: "{" });
      return (await handler().fetch(request, { ...env, AGORA_NOTIFICATION_SECRET: list })).status;
    };
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    for (const secret of [first, second]) expect(await statusOf(secret), secret).toBe(200);
    for (const part of parts) expect(await statusOf(part), part).toBe(401);
    warn.mockRestore();
  });

  test("origins", async () => {
    const [first, second] = ["https://show.example", "https://other.example:8443"];
    const statusOf = async (origin: string) => {
      const request = new Request("https://worker.example/quota", { headers: { ...asOperator, origin } });
      return (await handler().fetch(request, { ...env, ALLOWED_ORIGINS: `${first}  ${second}\n` })).status;
    };
    for (const origin of [first, second, "https://worker.example"]) expect(await statusOf(origin), origin).toBe(200);
    const similar = ["https://show.example.evil.example", "https://show.exampl", "https://evil-show.example"];
    const others = [
      "http://show.example",
      "https://show.example:8443",
      "https://other.example",
      "null",
      "HTTPS://SHOW.EXAMPLE",
    ];
    const ofOurs = ["https://worker.example.evil.example", "http://worker.example", "https://worker.exampl"];
    for (const origin of [...similar, ...others, ...ofOurs]) expect(await statusOf(origin), origin).toBe(403);
  });
});

test("invalid limits are named", async () => {
  for (const [QUOTA, error] of [
    [{ burst: 1 }, { field: "QUOTA.burst", value: "1", allowed: "from 2 to 10000" }],
    [{ pcw: 0 }, { field: "QUOTA.pcw", value: "0", allowed: "from 1 to 1000000" }],
    [{ qps: 7 }, { field: "QUOTA.qps" }],
    ["7", { field: "QUOTA", value: '"7"', allowed: "an object" }],
    [[7], { field: "QUOTA", value: "an array", allowed: "an object" }],
  ] as const) {
    const request = new Request("https://worker.example/quota", { headers: asOperator });
    const answer = await handler().fetch(request, { ...env, QUOTA: QUOTA as object });
    expect(answer.status, JSON.stringify(QUOTA)).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { code: "MISCONFIGURED", ...error } });
  }
});

test("only pages of allowed origins may use the routes; answers cannot be framed or sniffed", async () => {
  const preflight = (origin: string) =>
    call("/broadcasts", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
    });
  const allowed = await preflight("https://show.example");
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://show.example");
  expect(allowed.headers.get("access-control-allow-headers")).toContain("authorization");
  for (const origin of ["https://evil.example", "https://show.example.evil.example", "https://show.exampl"])
    expect((await preflight(origin)).headers.get("access-control-allow-origin"), origin).toBeNull();
  const { headers } = await ask("GET", "/health", { headers: { origin: "https://show.example" } });
  expect(headers.get("access-control-allow-origin")).toBe("https://show.example");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
});

test("HEAD is answered like GET, without a body", async () => {
  freshEmulator();
  const show = await Show.start();
  const { token } = await signViewerToken(VIEWER_KEY, show.id, 60);
  for (const [path, authorization] of [
    ["/health", ""],
    ["/openapi.json", ""],
    ["/quota", `Bearer ${KEY}`],
    ["/broadcasts", `Bearer ${KEY}`],
    [`/broadcasts/${show.id}`, `Bearer ${KEY}`],
    [`/broadcasts/${show.id}/events`, `Bearer ${KEY}`],
    [`/broadcasts/${show.id}/on-air`, `Bearer ${token}`],
    [`/broadcasts/${show.id}`, "Bearer wrong"],
    ["/nothing", ""],
  ] as const) {
    const [head, get] = await Promise.all(
      ["HEAD", "GET"].map((method) => call(path, { method, headers: { authorization } })),
    );
    expect(head?.status, path).toBe(get?.status);
    expect(await head?.text(), path).toBe("");
    expect((await get?.text())?.length, path).toBeGreaterThan(0);
  }
  await show.stop();
});

test("a viewer token is for one broadcast, not for those with a similar id", async () => {
  for (const [id, others] of [
    ["show", ["show-1", "sho", "s", "Show", "show_", "my-show", "show-show"]],
    ["show-1", ["show", "show-10", "show-2", "1"]],
  ] as const) {
    const { token } = await signViewerToken(VIEWER_KEY, id, 60);
    const statusOf = async (id: string) => (await call(`/broadcasts/${id}/on-air?token=${token}`)).status;
    expect(await statusOf(id)).toBe(404);
    for (const other of others) expect(await statusOf(other), `${id} for ${other}`).toBe(401);
  }
});

describe("a body is counted as it arrives, whatever its Content-Length", () => {
  const KIB = 1024;
  /** Chunks of a JSON object with this total size. */
  const chunked = (size: number, chunks: number) => {
    const text = `{"more":"${"x".repeat(size - 11)}"}`;
    const bytes = new TextEncoder().encode(text);
    const each = Math.ceil(size / chunks);
    let at = 0;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= size) return controller.close();
        controller.enqueue(bytes.slice(at, at + each));
        at += each;
      },
    });
  };
  const viewers = async () => `Bearer ${(await signViewerToken(VIEWER_KEY, "x", 60)).token}`;

  test.each([
    ["POST", "/broadcasts", 1024 * KIB, async () => asOperator.authorization],
    ["PATCH", "/broadcasts/x", 1024 * KIB, async () => asOperator.authorization],
    ["POST", "/broadcasts/x/viewer-tokens", KIB, async () => asOperator.authorization],
    ["POST", "/broadcasts/x/reports", KIB, viewers],
  ] as const)("%s %s: %i bytes", async (method, path, limit, authorization) => {
    const send = async (size: number, chunks: number) => {
      const headers = { authorization: await authorization() };
      const answer = await call(path, { method, headers, body: chunked(size, chunks) });
      return { status: answer.status, text: await answer.text() };
    };
    for (const chunks of [1, 3, 50]) {
      const whole = await send(limit, chunks);
      expect(whole.status, whole.text).not.toBe(413);
      expect(whole.text).not.toContain("JSON");
      for (const size of [limit + 1, 3 * limit]) {
        const { status, text } = await send(size, chunks);
        expect(status, `${size} in ${chunks}`).toBe(413);
        expect(JSON.parse(text)).toMatchObject({ error: { code: "BODY_TOO_LARGE" } });
      }
    }
  });
});

test("a Content-Length that is too large is refused before the body arrives", async () => {
  const endless = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await scheduler.wait(100);
      controller.enqueue(new Uint8Array(1));
    },
  });
  const declared = { ...asOperator, "content-length": "1048577" };
  const refused = await call("/broadcasts", { method: "POST", headers: declared, body: endless });
  expect(await refused.json()).toMatchObject({ error: { code: "BODY_TOO_LARGE" } });
  const body = `{${" ".repeat(1024 - 2)}}`;
  const exact = await call("/broadcasts/x/viewer-tokens", { method: "POST", headers: asOperator, body });
  expect(exact.status).toBe(404);
  expect((await call("/notifications", { method: "POST", headers: { "agora-signature-v2": "00" } })).status).toBe(401);
});

test("the output on air is cached for each broadcast, and answered only with its token", async () => {
  freshEmulator();
  const other = SHOW_LANES.map(({ name, uids }) => ({ name, uids: uids.map((uid) => uid + 500) }));
  const [first, second] = [await Show.start(), await Show.start({ lanes: other })];
  await first.running();
  await second.running();
  const ask = async ({ id }: Show, of = id) => {
    const { token } = await signViewerToken(VIEWER_KEY, of, 60);
    const answer = await call(`/broadcasts/${id}/on-air?token=${token}`);
    return { status: answer.status, json: (await answer.json()) as { onAir?: { uid: number } } };
  };
  for (let i = 0; i < 2; i += 1) {
    expect([9001, 9101]).toContain((await ask(first)).json.onAir?.uid);
    expect([9501, 9601]).toContain((await ask(second)).json.onAir?.uid);
  }
  expect((await ask(first, second.id)).status).toBe(401);
  expect((await call(`/broadcasts/${first.id}/on-air`)).status).toBe(401);
  const unknown = new Show(freshId());
  expect((await ask(unknown)).status).toBe(404);
  await first.stop();
  await second.stop();
});

test("a page of another origin cannot open a WebSocket", async () => {
  const { token } = await signViewerToken(VIEWER_KEY, "x", 60);
  const watch = async (headers: Record<string, string>) => {
    const answer = await call(`/broadcasts/x/watch?token=${token}`, { headers });
    return { status: answer.status, ...(await answer.json<object>()) };
  };
  const upgrade = "websocket";
  const notFound = { status: 404, error: { code: "NOT_FOUND" } };
  expect(await watch({ upgrade, origin: "https://evil.example" })).toMatchObject({ status: 403 });
  expect(await watch({ upgrade, origin: "https://show.example" })).toMatchObject(notFound);
  expect(await watch({ upgrade })).toMatchObject(notFound);
  for (const neither of [{ accept: "application/json" }, { upgrade: "websockets" }, { upgrade: "h2c" }])
    expect(await watch(neither)).toMatchObject({ status: 426, error: { code: "UPGRADE_NEEDED" } });
});

test("the limits of ranges are allowed", async () => {
  const ids: [string, number][] = [
    ["a", 400],
    ["-_".repeat(25), 400],
    ["x".repeat(50), 400],
  ];
  for (const [id, status] of ids) {
    // Refused for the missing payload only: the id is valid.
    const taken = await ask("POST", "/broadcasts", { headers: asOperator, body: { id } });
    expect(taken).toMatchObject({ status, json: { error: { field: "services" } } });
  }
  for (const lifetimeS of [1, 86_400])
    expect(
      (await ask("POST", "/broadcasts/x/viewer-tokens", { headers: asOperator, body: { lifetimeS } })).status,
    ).toBe(404);
  for (const since of ["0", "999999999999999"])
    expect((await ask("GET", `/broadcasts/x/events?since=${since}`, { headers: asOperator })).status).toBe(404);
  const keys = { OPERATOR_KEYS: "0123456789abcdef", VIEWER_KEYS: "0123456789abcdef0123456789abcdef" };
  const headers = { authorization: "Bearer 0123456789abcdef" };
  const answer = await handler().fetch(new Request("https://worker.example/quota", { headers }), { ...env, ...keys });
  expect(answer.status).toBe(200);
  expect((await signViewerToken(keys.VIEWER_KEYS, "x", 1)).expiresAt % 1000).toBe(0);
  await expect(signViewerToken(keys.VIEWER_KEYS.slice(1), "x", 1)).rejects.toThrow("32 characters");
});
