import { GROUP_ID } from "../instanceId.js";
import { REJECTION_STATUS } from "./rejection.js";

type Schema = Record<string, unknown>;

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const object = (properties: Record<string, Schema>, required = Object.keys(properties)): Schema => ({
  type: "object",
  properties,
  required,
});
const withOptional = (schema: Schema, optional: Record<string, Schema>): Schema => ({
  ...schema,
  properties: { ...(schema.properties as Record<string, Schema>), ...optional },
});
const array = (items: Schema): Schema => ({ type: "array", items });
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
const text: Schema = { type: "string" };
const integer: Schema = { type: "integer", minimum: 0 };
const ms: Schema = { type: "number", minimum: 0, description: "ms since the epoch" };
const uid: Schema = { type: "integer", minimum: 1, maximum: 4_294_967_295 };
const id: Schema = { type: "string", pattern: GROUP_ID.source, description: "of a broadcast" };
const broadcastState: Schema = {
  enum: ["starting", "live", "dark", "stopping", "over", "failed"],
  description: "live: an output is on air; dark: none is, though one was; failed: it has given up",
};

const schemas: Record<string, Schema> = {
  Error: object({
    error: object(
      { code: { enum: Object.keys(REJECTION_STATUS) }, message: text, field: text, value: text, allowed: text },
      ["code", "message"],
    ),
  }),
  Services: {
    type: "object",
    description: "The REST payload of a task of the service. Output uid and token are filled in for each launch.",
    properties: { cloudTranscoder: { type: "object" } },
    required: ["cloudTranscoder"],
  },
  OnAir: object({ lane: text, channel: text, uid }),
  KnownTask: object({
    generation: integer,
    uid,
    instanceId: text,
    taskId: orNull(text),
    standing: { enum: ["adopted", "unresolved", "stopping", "leftBehind"] },
  }),
  Lane: withOptional(
    object({
      name: text,
      state: {
        enum: [
          "launching",
          "confirming",
          "running",
          "suspect",
          "unidentified",
          "waiting",
          "stopping",
          "stopped",
          "failed",
        ],
      },
      generation: integer,
      uids: array(uid),
      uid: orNull(uid),
      taskId: orNull(text),
      lastSeenRunningMs: orNull(ms),
      tasks: array(ref("KnownTask")),
    }),
    { lastProblem: ref("Event") },
  ),
  Broadcast: object({
    id,
    state: broadcastState,
    onAir: orNull(ref("OnAir")),
    lanes: array(ref("Lane")),
    startedAt: ms,
    overAt: orNull(ms),
    viewers: integer,
    quotaFailedAt: {
      ...orNull(ms),
      description: "Since when AppQuota gives no permits. Calls go on without it, at most one a second.",
    },
    warnings: array(object({ field: text, message: text })),
    services: {
      ...orNull(ref("Services")),
      description:
        "The payload in force, with `***…` in the place of each token, key and address of a stream. null: the lanes have " +
        "different ones, or it is over.",
    },
  }),
  LaneUpdate: object({ lane: text, via: { enum: ["update", "relaunch", "launch", "nothing"] } }),
  BroadcastEntry: object({ id, state: broadcastState, onAir: orNull(ref("OnAir")), tasks: integer, startedAt: ms }),
  NewBroadcast: {
    ...object(
      {
        id,
        services: ref("Services"),
        lanes: {
          ...array(
            object({ name: text, uids: { ...array(uid), minItems: 2 }, services: ref("Services") }, ["name", "uids"]),
          ),
          minItems: 1,
          maxItems: 99,
          description: "The primary first. No two lanes of one output channel have a uid in common.",
        },
        area: { enum: ["china", "north-america", "europe", "asia-pacific"] },
        region: text,
        domainReturnMs: integer,
        policy: { type: "object" },
        quota: { type: "object" },
        restart: { enum: ["on-failure", "always", "never"] },
        migration: { enum: ["relaunch", "wait"] },
        rollout: { enum: ["relaunch", "refuse"] },
        presence: { enum: ["when-unknown", "always", "never"] },
        onAir: { enum: ["sticky", "prefer-primary"] },
        startGraceMs: { type: "integer", minimum: 0, maximum: 60_000 },
        seed: integer,
      },
      ["services", "lanes"],
    ),
    additionalProperties: false,
  },
  Event: {
    ...object({ seq: integer, at: ms, lane: text, type: text }),
    description: "Further fields depend on the type. None of them is a credential or a token.",
  },
  OnAirWord: object({
    type: { const: "onAir" },
    word: integer,
    onAir: orNull(ref("OnAir")),
    over: { type: "boolean" },
  }),
  ViewerReport: object({ type: { const: "gone" }, uid, channel: text }, ["type", "uid"]),
  Quota: object({
    limits: object({ callsPerSecond: integer, burst: integer, pcw: integer }),
    callsPerSecond: { ...array(integer), description: "of the last 60 seconds, the current one last" },
    waiting: integer,
    tasks: integer,
  }),
};

const json = (schema: Schema): Schema => ({ "application/json": { schema } });
const answer = (description: string, schema: Schema, headers?: Schema): Schema => ({
  description,
  content: json(schema),
  ...(headers ? { headers } : {}),
});
const body = (schema: Schema): Schema => ({ required: true, content: json(schema) });

/** Answers with errors of these codes, besides those that may come everywhere. */
function rejections(...codes: string[]): Record<string, Schema> {
  const byStatus = new Map<number, string[]>();
  for (const code of [...codes, "INTERNAL"]) {
    const status = REJECTION_STATUS[code] ?? 500;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [String(status), answer(codes.join(", "), ref("Error"))]),
  );
}

const operator = [{ operator: [] }];
const viewer = [{ viewer: [] }, { viewerInAddress: [] }];
const withQuota = ["QUOTA_UNAVAILABLE"];
const guarded = ["UNAUTHORIZED", "ORIGIN_NOT_ALLOWED", "MISCONFIGURED"];
const withBody = ["INVALID_BODY", "BODY_TOO_LARGE", "BODY_TOO_SLOW"];
const idParameter = { name: "id", in: "path", required: true, schema: id };

/** The OpenAPI description of the routes, mounted at `base`. */
export function openApi(base: string): Schema {
  return {
    openapi: "3.1.0",
    info: { title: "Steadymix", version: "1", description: "Broadcasts that are kept on air, and who watches them." },
    servers: [{ url: base }],
    paths: {
      "/health": {
        get: {
          operationId: "health",
          responses: {
            200: answer("It lives, and is set up.", object({ status: { const: "ok" } })),
            ...rejections("MISCONFIGURED"),
          },
        },
      },
      "/openapi.json": {
        get: { operationId: "describe", responses: { 200: answer("This description.", { type: "object" }) } },
      },
      "/broadcasts": {
        get: {
          operationId: "listBroadcasts",
          security: operator,
          responses: {
            200: answer("All that are kept, the youngest first.", object({ broadcasts: array(ref("BroadcastEntry")) })),
            ...rejections(...guarded, ...withQuota),
          },
        },
        post: {
          operationId: "startBroadcast",
          description: "The same again changes nothing. An id is used once.",
          security: operator,
          requestBody: body(ref("NewBroadcast")),
          responses: {
            201: answer("It starts.", ref("Broadcast"), { location: { schema: text } }),
            ...rejections(
              ...guarded,
              ...withBody,
              "INVALID_CONFIG",
              "INVALID_TASK",
              "ALREADY_STARTED",
              "OVER",
              "PCW_REACHED",
              ...withQuota,
            ),
          },
        },
      },
      "/broadcasts/{id}": {
        parameters: [idParameter],
        get: {
          operationId: "getBroadcast",
          security: operator,
          responses: { 200: answer("How it is.", ref("Broadcast")), ...rejections(...guarded, "NOT_FOUND") },
        },
        patch: {
          operationId: "updateBroadcast",
          description:
            "A payload for every lane, or one for each of some; each keeps its own output channel. What reads `***…`, as " +
            "getBroadcast shows it, stays what it is.",
          security: operator,
          requestBody: body({
            oneOf: [
              { ...object({ services: ref("Services") }), additionalProperties: false },
              {
                ...object({ lanes: array(object({ name: text, services: ref("Services") })) }),
                additionalProperties: false,
              },
            ],
          }),
          responses: {
            200: answer("Running tasks are updated, or replaced where they cannot be; later ones start with it.", {
              allOf: [ref("Broadcast"), object({ updates: array(ref("LaneUpdate")) })],
            }),
            ...rejections(...guarded, ...withBody, "NOT_FOUND", "INVALID_CONFIG", "INVALID_TASK", "OVER"),
          },
        },
        delete: {
          operationId: "stopBroadcast",
          security: operator,
          responses: {
            202: answer("Its tasks are being ended.", ref("Broadcast")),
            ...rejections(...guarded, "NOT_FOUND"),
          },
        },
      },
      "/broadcasts/{id}/events": {
        parameters: [idParameter],
        get: {
          operationId: "getEvents",
          security: operator,
          parameters: [{ name: "since", in: "query", schema: { ...integer, maximum: 999_999_999_999_999 } }],
          responses: {
            200: answer(
              "The events after `since`, at most 500.",
              object({ events: array(ref("Event")), next: integer }),
            ),
            ...rejections(...guarded, "NOT_FOUND", "INVALID_QUERY"),
          },
        },
      },
      "/broadcasts/{id}/viewer-tokens": {
        parameters: [idParameter],
        post: {
          operationId: "makeViewerToken",
          security: operator,
          requestBody: body(object({ lifetimeS: { type: "integer", minimum: 1, maximum: 86_400, default: 3600 } }, [])),
          responses: {
            201: answer("Lets whoever has it watch.", object({ token: text, expiresAt: ms })),
            ...rejections(...guarded, ...withBody, "NOT_FOUND"),
          },
        },
      },
      "/broadcasts/{id}/on-air": {
        parameters: [idParameter],
        get: {
          operationId: "getOnAir",
          description: "For those who can do no better than poll. May be kept by caches for a second.",
          security: viewer,
          responses: { 200: answer("What to watch.", ref("OnAirWord")), ...rejections(...guarded, "NOT_FOUND") },
        },
      },
      "/broadcasts/{id}/watch": {
        parameters: [idParameter],
        get: {
          operationId: "watch",
          description:
            "By WebSocket: each message is an OnAirWord; the viewer may send a ViewerReport, and `ping`, which is answered " +
            "`pong`. With `Accept: text/event-stream` the same words come as server-sent events. The connection is closed when " +
            "the token expires (code 3000: come back with another one), and after `over`.",
          security: viewer,
          responses: {
            101: { description: "A WebSocket." },
            200: { description: "Server-sent events.", content: { "text/event-stream": { schema: text } } },
            204: { description: "It has ended, and the client knows: its Last-Event-ID is the last." },
            ...rejections(...guarded, "NOT_FOUND", "UPGRADE_NEEDED", "TOO_MANY_CONNECTIONS"),
          },
        },
      },
      "/broadcasts/{id}/reports": {
        parameters: [idParameter],
        post: {
          operationId: "report",
          description: "The output does not come. A hint: at most it brings the next look at the task forward.",
          security: viewer,
          requestBody: body(ref("ViewerReport")),
          responses: {
            202: answer("Whether it was of use.", object({ report: { enum: ["taken", "ignored"] } })),
            ...rejections(...guarded, ...withBody, "NOT_FOUND"),
          },
        },
      },
      "/notices": {
        post: {
          operationId: "notify",
          description: "The service's webhook: signed with Agora-Signature or Agora-Signature-V2 over the raw body.",
          requestBody: body({ type: "object" }),
          responses: {
            200: answer("Understood.", object({ status: { const: "ok" } })),
            ...rejections("INVALID_SIGNATURE", "BODY_TOO_LARGE", "BODY_TOO_SLOW", "MISCONFIGURED"),
          },
        },
      },
      "/quota": {
        get: {
          operationId: "getQuota",
          security: operator,
          responses: {
            200: answer("How much of the App ID's limits is used.", ref("Quota")),
            ...rejections(...guarded, ...withQuota),
          },
        },
      },
    },
    components: {
      schemas,
      securitySchemes: {
        operator: { type: "http", scheme: "bearer", description: "An operator key." },
        viewer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "A viewer token." },
        viewerInAddress: { type: "apiKey", in: "query", name: "token", description: "A viewer token." },
      },
    },
  };
}
