/** Each route by its schemas: OpenAPI is written from them, and bodies are checked against them. */
import * as T from "typebox";
import { REJECTION_STATUS } from "./rejection.js";
import type {
  AnswerOf,
  BodyOf,
  ErrorAnswer,
  EventPage,
  Health,
  ListedBroadcasts,
  NewViewerToken,
  ReportAnswer,
  RouteErrorCode,
  Routes,
  ViewerReport,
  ViewerToken,
} from "./routes.js";
import { count, instant, type SchemaOf, schemaOf, text, uid } from "./schema.js";
import { newBroadcast, payloadUpdate } from "./settingsSchema.js";
import {
  broadcastEntry,
  broadcastStatus,
  onAirWord,
  quotaStatus,
  storedEvent,
  updatedBroadcast,
} from "./statusSchema.js";

export interface Operation {
  operationId: string;
  description?: string;
  /** Whoever may use it; left out: anybody. */
  by?: "operator" | "viewer";
  query?: Record<string, T.TSchema>;
  body?: T.TSchema;
  /** Of an answer when it succeeds. */
  status: 200 | 201 | 202;
  /** What such an answer means. */
  success: string;
  answer: T.TSchema;
  /** Of such an answer. */
  headers?: Record<string, T.TSchema>;
  /** The codes of its errors, besides those that follow from its path, its body, and from who may use it. */
  errors?: RouteErrorCode[];
}

/** The schemas that a route must have. */
type SchemasOf<Name extends keyof Routes> = { answer: SchemaOf<AnswerOf<Name>> } & ([BodyOf<Name>] extends [never]
  ? { body?: never }
  : { body: SchemaOf<BodyOf<Name>> });

export const viewerReport = schemaOf<ViewerReport>()(
  T.Object({ type: T.Literal("gone"), uid, channel: T.Optional(text) }, { title: "ViewerReport" }),
);

/** What a viewer token lasts, in s, where its request does not say. */
export const VIEWER_TOKEN_S = 3_600;

export const newViewerToken = schemaOf<NewViewerToken>()(
  T.Object({ lifetimeS: T.Optional(T.Integer({ minimum: 1, maximum: 86_400, default: VIEWER_TOKEN_S })) }),
);

export const errorAnswer = schemaOf<ErrorAnswer>()(
  T.Object(
    {
      error: T.Object({
        code: T.Enum(Object.keys(REJECTION_STATUS) as RouteErrorCode[]),
        message: text,
        field: T.Optional(text),
        value: T.Optional(text),
        allowed: T.Optional(text),
      }),
    },
    { title: "Error" },
  ),
);

/** Of a query, which is text. */
export const since = T.Integer({ minimum: 0, maximum: 999_999_999_999_999 });

const ok = schemaOf<Health>()(T.Object({ status: T.Literal("ok") }));

export const OPERATIONS: { [Name in keyof Routes]: Operation & SchemasOf<Name> } = {
  "GET /health": {
    operationId: "health",
    status: 200,
    success: "It lives, and is set up.",
    answer: ok,
    errors: ["MISCONFIGURED"],
  },
  "GET /broadcasts": {
    operationId: "listBroadcasts",
    by: "operator",
    status: 200,
    success: "All that are kept, the youngest first.",
    answer: schemaOf<ListedBroadcasts>()(T.Object({ broadcasts: T.Array(broadcastEntry) })),
    errors: ["QUOTA_UNAVAILABLE"],
  },
  "POST /broadcasts": {
    operationId: "startBroadcast",
    description: "The same again changes nothing. An id is used once.",
    by: "operator",
    body: newBroadcast,
    status: 201,
    success: "It starts.",
    answer: broadcastStatus,
    headers: { location: text },
    errors: ["INVALID_CONFIG", "INVALID_TASK", "ALREADY_STARTED", "OVER", "PCW_REACHED", "QUOTA_UNAVAILABLE"],
  },
  "GET /broadcasts/{id}": {
    operationId: "getBroadcast",
    by: "operator",
    status: 200,
    success: "How it is.",
    answer: broadcastStatus,
  },
  "PATCH /broadcasts/{id}": {
    operationId: "updateBroadcast",
    description:
      "A payload for every lane, or one for each of some; each keeps its own output channel. What reads `***…`, as " +
      "getBroadcast shows it, stays what it is.",
    by: "operator",
    body: payloadUpdate,
    status: 200,
    success: "Running tasks are updated, or replaced where they cannot be; later ones start with it.",
    answer: updatedBroadcast,
    errors: ["INVALID_CONFIG", "INVALID_TASK", "OVER"],
  },
  "DELETE /broadcasts/{id}": {
    operationId: "stopBroadcast",
    by: "operator",
    status: 202,
    success: "Its tasks are being ended.",
    answer: broadcastStatus,
  },
  "GET /broadcasts/{id}/events": {
    operationId: "getEvents",
    by: "operator",
    query: { since },
    status: 200,
    success: "The events after `since`, at most 500.",
    answer: schemaOf<EventPage>()(T.Object({ events: T.Array(storedEvent), next: count })),
    errors: ["INVALID_QUERY"],
  },
  "POST /broadcasts/{id}/viewer-tokens": {
    operationId: "makeViewerToken",
    by: "operator",
    body: newViewerToken,
    status: 201,
    success: "Lets whoever has it watch.",
    answer: schemaOf<ViewerToken>()(T.Object({ token: text, expiresAt: instant })),
  },
  "GET /broadcasts/{id}/on-air": {
    operationId: "getOnAir",
    description: "For those who can do no better than poll. May be kept by caches for a second.",
    by: "viewer",
    status: 200,
    success: "What to watch.",
    answer: onAirWord,
  },
  "POST /broadcasts/{id}/reports": {
    operationId: "report",
    description: "The output does not come. A hint: at most it brings the next look at the task forward.",
    by: "viewer",
    body: viewerReport,
    status: 202,
    success: "Whether it was of use.",
    answer: schemaOf<ReportAnswer>()(T.Object({ report: T.Enum(["taken", "ignored"]) })),
  },
  "GET /quota": {
    operationId: "getQuota",
    by: "operator",
    status: 200,
    success: "How much of the App ID's limits is used.",
    answer: quotaStatus,
    errors: ["QUOTA_UNAVAILABLE"],
  },
};
