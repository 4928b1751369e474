/** The OpenAPI description of each route, without its schemas. */
import type { Schema } from "@cfworker/json-schema";
import type { RouteErrorCode, Routes } from "./routes.js";
import { since } from "./schema.js";

export interface Operation {
  operationId: string;
  description?: string;
  /** Who may use the route; left out: anybody. */
  by?: "operator" | "viewer";
  query?: Record<string, Schema>;
  /** The status of a successful answer. */
  status: 200 | 201 | 202;
  /** The description of a successful answer. */
  success: string;
  /** The headers of a successful answer. */
  headers?: Record<string, Schema>;
  /** Error codes other than those that follow from path, body and `by`. */
  errors?: RouteErrorCode[];
}

export const OPERATIONS: Record<keyof Routes, Operation> = {
  "GET /health": {
    operationId: "health",
    status: 200,
    success: "The Worker runs and is configured.",
    errors: ["MISCONFIGURED"],
  },
  "GET /broadcasts": {
    operationId: "listBroadcasts",
    by: "operator",
    status: 200,
    success: "All broadcasts, the newest first.",
    errors: ["QUOTA_UNAVAILABLE"],
  },
  "POST /broadcasts": {
    operationId: "startBroadcast",
    description: "Repeating the request changes nothing. An id can be used only once.",
    by: "operator",
    status: 201,
    success: "The broadcast starts.",
    headers: { location: { type: "string" } },
    errors: ["INVALID_OPTIONS", "INVALID_TASK", "ALREADY_STARTED", "ENDED", "PCW_REACHED", "QUOTA_UNAVAILABLE"],
  },
  "GET /broadcasts/{id}": {
    operationId: "getBroadcast",
    by: "operator",
    status: 200,
    success: "The status of the broadcast.",
  },
  "PATCH /broadcasts/{id}": {
    operationId: "updateBroadcast",
    description:
      "A payload for every lane, or for each lane that is named. Each lane keeps its output channel. A field with `***…`, as " +
      "getBroadcast shows it, keeps its value.",
    by: "operator",
    status: 200,
    success: "Running tasks are updated, or replaced if that is impossible. Later tasks start with the new payload.",
    errors: ["INVALID_OPTIONS", "INVALID_TASK", "ENDED"],
  },
  "DELETE /broadcasts/{id}": {
    operationId: "stopBroadcast",
    by: "operator",
    status: 202,
    success: "The broadcast's tasks are being deleted.",
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
    success: "A token with which the broadcast can be watched.",
  },
  "GET /broadcasts/{id}/on-air": {
    operationId: "getOnAir",
    description: "For viewers that can only poll. Caches may keep the answer for a second.",
    by: "viewer",
    status: 200,
    success: "The current update.",
  },
  "POST /broadcasts/{id}/reports": {
    operationId: "report",
    description: "Reports that an output does not arrive. At most, this brings the next Query of its task forward.",
    by: "viewer",
    status: 202,
    success: "Whether the report brings a Query forward.",
  },
  "GET /quota": {
    operationId: "getQuota",
    by: "operator",
    status: 200,
    success: "How much of the App ID's limits is used.",
    errors: ["QUOTA_UNAVAILABLE"],
  },
};
