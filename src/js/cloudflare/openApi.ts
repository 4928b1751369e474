import { OPERATIONS } from "./operations.js";
import { REJECTION_STATUS } from "./rejection.js";
import type { RouteErrorCode, Routes } from "./routes.js";
import { broadcastId } from "./schema.js";
import { ROUTES, TYPES } from "./schemas.js";

type Json = Record<string, unknown>;

const SECURITY = { operator: [{ operator: [] }], viewer: [{ viewer: [] }, { viewerInAddress: [] }] };
const GUARDED: RouteErrorCode[] = ["UNAUTHORIZED", "ORIGIN_NOT_ALLOWED", "MISCONFIGURED"];
const OF_BODIES: RouteErrorCode[] = ["INVALID_BODY", "BODY_TOO_LARGE", "BODY_TOO_SLOW"];

const ERROR = { $ref: "#/components/schemas/ErrorAnswer" };

const json = (schema: object): Json => ({ "application/json": { schema } });
const inBody = (schema: object): Json => ({ required: true, content: json(schema) });
const success = (description: string, schema: object): Json => ({ description, content: json(schema) });

/** The error answers with these codes and `INTERNAL`, by status. */
function failures(...codes: RouteErrorCode[]): Json {
  const byStatus = new Map<number, RouteErrorCode[]>();
  for (const code of [...codes, "INTERNAL"] as const) {
    const status = REJECTION_STATUS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, success(codes.join(", "), ERROR)]));
}

/** The description of a route. JSON leaves out `undefined` fields. */
function described(route: keyof Routes): Json {
  const { description: summary, answer, body }: { description: string; answer: object; body?: object } = ROUTES[route];
  const { operationId, description, by, query, status, success: meaning, headers, errors = [] } = OPERATIONS[route];
  const ofOne: RouteErrorCode[] = route.includes("{id}") ? ["NOT_FOUND"] : [];
  return {
    operationId,
    summary,
    description,
    security: by && SECURITY[by],
    parameters: query && Object.entries(query).map(([name, schema]) => ({ name, in: "query", schema })),
    requestBody: body && inBody(body),
    responses: {
      [status]: {
        ...success(meaning, answer),
        headers: headers && Object.fromEntries(Object.entries(headers).map(([name, schema]) => [name, { schema }])),
      },
      ...failures(...(by ? GUARDED : []), ...(body ? OF_BODIES : []), ...ofOne, ...errors),
    },
  };
}

/** Routes that do not answer JSON, or whose body the service defines. */
const OTHERS: Record<string, Json> = {
  "GET /openapi.json": {
    operationId: "describe",
    responses: { 200: success("This description.", { type: "object" }) },
  },
  "GET /broadcasts/{id}/watch": {
    operationId: "watch",
    description:
      "By WebSocket, each message is an OnAirUpdate. The viewer may send a ViewerReport, and `ping`, which is answered " +
      "with `pong`. With `Accept: text/event-stream`, the updates arrive as server-sent events. The connection is closed " +
      "when the token expires (code 3000: connect again with a new one), and after an update with `ended`.",
    security: SECURITY.viewer,
    responses: {
      101: { description: "A WebSocket." },
      200: { description: "Server-sent events.", content: { "text/event-stream": { schema: { type: "string" } } } },
      204: { description: "The broadcast has ended, and the client has the last update: see its Last-Event-ID." },
      ...failures(...GUARDED, "NOT_FOUND", "UPGRADE_NEEDED", "TOO_MANY_CONNECTIONS"),
    },
  },
  "POST /notifications": {
    operationId: "notify",
    description: "The service's webhook. Agora-Signature or Agora-Signature-V2 signs the raw body.",
    requestBody: inBody({ type: "object" }),
    responses: {
      200: success("The notification was accepted.", ROUTES["GET /health"].answer),
      ...failures("INVALID_SIGNATURE", "BODY_TOO_LARGE", "BODY_TOO_SLOW", "MISCONFIGURED"),
    },
  },
};

/** The OpenAPI description of the routes, mounted at `base`. */
export function openApi(base: string): Json {
  const paths: Record<string, Json> = {};
  const add = (route: string, operation: Json) => {
    const [method = "", path = ""] = route.split(" ");
    const parameters = [{ name: "id", in: "path", required: true, schema: broadcastId }];
    paths[path] = {
      parameters: path.includes("{id}") ? parameters : undefined,
      ...paths[path],
      [method.toLowerCase()]: operation,
    };
  };
  for (const route of Object.keys(OPERATIONS) as (keyof Routes)[]) add(route, described(route));
  for (const [route, operation] of Object.entries(OTHERS)) add(route, operation);
  return {
    openapi: "3.1.0",
    info: {
      title: "Steadymix",
      version: "1",
      description: "Keeps broadcasts on air, and tells viewers what to watch.",
    },
    servers: [{ url: base }],
    paths,
    components: {
      schemas: TYPES,
      securitySchemes: {
        operator: { type: "http", scheme: "bearer", description: "An operator key." },
        viewer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "A viewer token." },
        viewerInAddress: { type: "apiKey", in: "query", name: "token", description: "A viewer token." },
      },
    },
  };
}
