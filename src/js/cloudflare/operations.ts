/** What OpenAPI says of each route besides its schemas. */
import type { Schema } from "@cfworker/json-schema";
import type { RouteErrorCode, Routes } from "./routes.js";
import { since } from "./schema.js";

export interface Operation {
  operationId: string;
  description?: string;
  /** Whoever may use it; left out: anybody. */
  by?: "operator" | "viewer";
  query?: Record<string, Schema>;
  /** Of an answer when it succeeds. */
  status: 200 | 201 | 202;
  /** What such an answer means. */
  success: string;
  /** Of such an answer. */
  headers?: Record<string, Schema>;
  /** The codes of its errors, besides those that follow from its path, its body, and from who may use it. */
  errors?: RouteErrorCode[];
}

export const OPERATIONS: Record<keyof Routes, Operation> = {
  "GET /health": {
    operationId: "health",
    status: 200,
    success: "It lives, and is set up.",
    errors: ["MISCONFIGURED"],
  },
  "GET /broadcasts": {
    operationId: "listBroadcasts",
    by: "operator",
    status: 200,
    success: "All that are kept, the youngest first.",
    errors: ["QUOTA_UNAVAILABLE"],
  },
  "POST /broadcasts": {
    operationId: "startBroadcast",
    description: "The same again changes nothing. An id is used once.",
    by: "operator",
    status: 201,
    success: "It starts.",
    headers: { location: { type: "string" } },
    errors: ["INVALID_OPTIONS", "INVALID_TASK", "ALREADY_STARTED", "ENDED", "PCW_REACHED", "QUOTA_UNAVAILABLE"],
  },
  "GET /broadcasts/{id}": {
    operationId: "getBroadcast",
    by: "operator",
    status: 200,
    success: "How it is.",
  },
  "PATCH /broadcasts/{id}": {
    operationId: "updateBroadcast",
    description:
      "A payload for every lane, or one for each of some; each keeps its own output channel. What reads `***…`, as " +
      "getBroadcast shows it, stays what it is.",
    by: "operator",
    status: 200,
    success: "Running tasks are updated, or replaced where they cannot be; later ones start with it.",
    errors: ["INVALID_OPTIONS", "INVALID_TASK", "ENDED"],
  },
  "DELETE /broadcasts/{id}": {
    operationId: "stopBroadcast",
    by: "operator",
    status: 202,
    success: "Its tasks are being ended.",
  },
  "GET /broadcasts/{id}/events": {
    operationId: "getEvents",
    by: "operator",
    query: { since },
    status: 200,
    success: "The events after `since`, at most 500.",
    errors: ["INVALID_QUERY"],
  },
  "POST /broadcasts/{id}/viewer-tokens": {
    operationId: "makeViewerToken",
    by: "operator",
    status: 201,
    success: "Lets whoever has it watch.",
  },
  "GET /broadcasts/{id}/on-air": {
    operationId: "getOnAir",
    description: "For those who can do no better than poll. May be kept by caches for a second.",
    by: "viewer",
    status: 200,
    success: "What to watch.",
  },
  "POST /broadcasts/{id}/reports": {
    operationId: "report",
    description: "The output does not come. At most it brings the next Query of the task forward.",
    by: "viewer",
    status: 202,
    success: "Whether it was of use.",
  },
  "GET /quota": {
    operationId: "getQuota",
    by: "operator",
    status: 200,
    success: "How much of the App ID's limits is used.",
    errors: ["QUOTA_UNAVAILABLE"],
  },
};
