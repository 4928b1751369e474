/** The bodies and answers of the routes. `schemas.ts`, and from it OpenAPI, is generated from these types and their docs. */
import type {
  GroupOptions,
  LaneStatus,
  LaneUpdate,
  OnAir,
  Quota,
  Services,
  SteadymixEvent,
  TaskWarning,
  Uid,
} from "../types.js";

/** The routes that answer JSON, by method and path. After a failure, the answer is an `ErrorAnswer`. */
export interface Routes {
  /** Whether the Worker runs and is configured. */
  "GET /health": { answer: Health };
  /** All broadcasts that have not been forgotten, the newest first. */
  "GET /broadcasts": { answer: ListedBroadcasts };
  /** Starts a broadcast. */
  "POST /broadcasts": { body: NewBroadcast; answer: BroadcastStatus };
  /** The status of a broadcast. */
  "GET /broadcasts/{id}": { answer: BroadcastStatus };
  /** Updates the payload. */
  "PATCH /broadcasts/{id}": { body: PayloadUpdate; answer: UpdatedBroadcast };
  /** Ends a broadcast. */
  "DELETE /broadcasts/{id}": { answer: BroadcastStatus };
  /** The events of a broadcast. */
  "GET /broadcasts/{id}/events": { answer: EventPage };
  /** Makes a token with which the broadcast can be watched. */
  "POST /broadcasts/{id}/viewer-tokens": { body: NewViewerToken; answer: ViewerToken };
  /** The output to watch. */
  "GET /broadcasts/{id}/on-air": { answer: OnAirUpdate };
  /** A viewer reports that an output does not arrive. */
  "POST /broadcasts/{id}/reports": { body: ViewerReport; answer: ReportAnswer };
  /** How much of the App ID's limits is used. */
  "GET /quota": { answer: QuotaStatus };
}

/** The type of a route's body; `never`: it has none. */
export type BodyOf<Name extends keyof Routes> = Routes[Name] extends { body: infer Body extends object } ? Body : never;

/** The type of a route's successful answer. */
export type AnswerOf<Name extends keyof Routes> = Routes[Name]["answer"];

/** The Worker runs and is configured. */
export interface Health {
  /** Always `ok`. */
  status: "ok";
}

/** A broadcast to start: the settings of a group. Its `instanceId` is the `id`; the App ID is the Worker's. */
export interface NewBroadcast extends Omit<GroupOptions, "appId" | "instanceId"> {
  /**
   * 1 to 50 of `A-Z a-z 0-9 - _`. Can be used only once. Default: a random UUID.
   * @pattern ^[A-Za-z0-9_-]{1,50}$
   */
  id?: string;
}

/** A payload for every lane, or for each named lane. A field with `***…`, as the status shows it, keeps its value. */
export type PayloadUpdate =
  | { services: Services }
  | {
      /**
       * One or more lanes, by name.
       * @minItems 1
       */
      lanes: { name: string; services: Services }[];
    };

/** `live`: an output is on air. `offAir`: one was, none is now. `ended`: on request. `failed`: every lane has failed. */
export type BroadcastState = "starting" | "live" | "offAir" | "stopping" | "ended" | "failed";

/** A broadcast in the list. */
export interface BroadcastEntry {
  /** Its `instanceId`, which is also its object's name. */
  id: string;
  /** Its state. */
  state: BroadcastState;
  /** The output that viewers should watch; `null`: no output is known to run. */
  onAir: OnAir | null;
  /** The number that counts against the PCW: tasks that run or may run, and lanes about to launch one. */
  tasks: number;
  /** ms since the epoch. */
  startedAt: number;
}

/** The broadcasts of an App ID. */
export interface ListedBroadcasts {
  /** The newest first. */
  broadcasts: BroadcastEntry[];
}

/** The status of a broadcast. */
export interface BroadcastStatus {
  /** Its `instanceId`, which is also its object's name. */
  id: string;
  /** Its state. */
  state: BroadcastState;
  /** The output that viewers should watch; `null`: no output is known to run. */
  onAir: OnAir | null;
  /** The primary first. */
  lanes: LaneStatus[];
  /** ms since the epoch. */
  startedAt: number;
  /** When it ended, in ms since the epoch; `null` until then. */
  endedAt: number | null;
  /** The number of viewers that are connected to the broadcast's own object. */
  viewers: number;
  /**
   * Since when `AppQuota` has granted no permits, in ms since the epoch; `null`: it grants them. Without permits, calls
   * continue at most once a second.
   */
  quotaFailedAt: number | null;
  /** Parts of the payload that are allowed but probably not intended. */
  warnings: TaskWarning[];
  /**
   * The current payload. Tokens, stream addresses and fields not known to be harmless are redacted to `***…`. `null`: the
   * lanes have different payloads, or the broadcast has ended.
   */
  services: Services | null;
}

/** The status of a broadcast after an update of its payload. */
export interface UpdatedBroadcast extends BroadcastStatus {
  /** How each lane applies the new payload. */
  updates: LaneUpdate[];
}

/** An event with its number in the broadcast's history. */
export type StoredEvent = SteadymixEvent & {
  /** Grows with every event. */
  seq: number;
};

/** A page of a broadcast's history. */
export interface EventPage {
  /** The events after `since`, the oldest first, at most 500. */
  events: StoredEvent[];
  /** The `since` of the next page. */
  next: number;
}

/** A viewer token to make. */
export interface NewViewerToken {
  /**
   * The lifetime in s: 1 to 86400. Default 3600.
   * @minimum 1
   * @maximum 86400
   */
  lifetimeS?: number;
}

/** A viewer token. */
export interface ViewerToken {
  /** To send as `Authorization: Bearer …`, or `?token=…`. */
  token: string;
  /** When it expires, in ms since the epoch. */
  expiresAt: number;
}

/** The message to viewers when the output on air changes. */
export interface OnAirUpdate {
  /** Always `onAir`. */
  type: "onAir";
  /** Grows with every change. Ignore an update whose revision is not greater than the last. */
  revision: number;
  /** The output to watch; `null`: no output is known to run. */
  onAir: OnAir | null;
  /** The broadcast has ended for good. */
  ended: boolean;
}

/** A viewer's message that the output on air does not arrive. */
export interface ViewerReport {
  /** Always `gone`. */
  type: "gone";
  /** The output's uid. */
  uid: Uid;
  /** The output's channel, if outputs in several channels may have the same uid. */
  channel?: string;
}

/** The result of a report. */
export interface ReportAnswer {
  /** `taken`: the next Query is brought forward. `ignored`: another output is on air, or the last report was too recent. */
  report: "taken" | "ignored";
}

/** How much of the App ID's limits is used. */
export interface QuotaStatus {
  /** `QUOTA` of the environment, defaults filled in. */
  limits: Required<Quota>;
  /** The number of calls in each of the last 60 seconds, the current one last. */
  callsPerSecond: number[];
  /** The number of calls that wait for a permit. */
  waiting: number;
  /** Tasks that run or may run, and lanes about to launch one. */
  tasks: number;
}

/** An error as a value: thrown errors lose their fields between objects. */
export interface ErrorBody<Code extends string = string> {
  /** For programs; stable. */
  code: Code;
  /** For people. */
  message: string;
  /** The path of the invalid value. */
  field?: string;
  /** The invalid value. */
  value?: string;
  /** The allowed values, with units. */
  allowed?: string;
}

/** The answer of a route after a failure. */
export interface ErrorAnswer {
  /** The error. */
  error: ErrorBody<RouteErrorCode>;
}

/** Why a request failed, for programs. */
export type RouteErrorCode =
  /** A setting of a broadcast is invalid: see `field`, `value` and `allowed`. */
  | "INVALID_OPTIONS"
  /** A payload is invalid: see `field`, `value` and `allowed`. */
  | "INVALID_TASK"
  /** The body is not a JSON object, or one of its fields is invalid: see `field`, `value` and `allowed`. */
  | "INVALID_BODY"
  /** A query parameter is invalid: see `field`, `value` and `allowed`. */
  | "INVALID_QUERY"
  /** The signature of a notification is missing or wrong. */
  | "INVALID_SIGNATURE"
  /** The operator key or viewer token is missing or not valid here. */
  | "UNAUTHORIZED"
  /** Pages of this origin may not use the Worker. */
  | "ORIGIN_NOT_ALLOWED"
  /** There is no such broadcast, or no such route. */
  | "NOT_FOUND"
  /** The route does not support this method; `allowed` lists those that it supports. */
  | "METHOD_NOT_ALLOWED"
  /** The body did not arrive in time. */
  | "BODY_TOO_SLOW"
  /** A broadcast with this id is running, with other settings. */
  | "ALREADY_STARTED"
  /** The broadcast has ended or is stopping. An id can be used only once. */
  | "ENDED"
  /** The tasks would exceed the App ID's PCW. */
  | "PCW_REACHED"
  /** The body is too large. */
  | "BODY_TOO_LARGE"
  /** The request asks for neither a WebSocket nor server-sent events. */
  | "UPGRADE_NEEDED"
  /** The viewer token already has its maximum number of connections. */
  | "TOO_MANY_CONNECTIONS"
  /** An error in the Worker: see its log. */
  | "INTERNAL"
  /** A setting of the Worker is missing or invalid: see `field`. */
  | "MISCONFIGURED"
  /** The object with the App ID's limits does not answer: try again later. */
  | "QUOTA_UNAVAILABLE";
