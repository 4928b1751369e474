/** What the routes take and answer. `schemas.ts`, and with it OpenAPI, is made of these types and their docs. */
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

/** The routes that answer JSON, by method and path. When one does not succeed, its answer is an `ErrorAnswer`. */
export interface Routes {
  /** Whether the Worker runs and is set up. */
  "GET /health": { answer: Health };
  /** All broadcasts that are kept, the youngest first. */
  "GET /broadcasts": { answer: ListedBroadcasts };
  /** Starts a broadcast. */
  "POST /broadcasts": { body: NewBroadcast; answer: BroadcastStatus };
  /** How a broadcast is. */
  "GET /broadcasts/{id}": { answer: BroadcastStatus };
  /** Changes its payload. */
  "PATCH /broadcasts/{id}": { body: PayloadUpdate; answer: UpdatedBroadcast };
  /** Ends it. */
  "DELETE /broadcasts/{id}": { answer: BroadcastStatus };
  /** What happened to it. */
  "GET /broadcasts/{id}/events": { answer: EventPage };
  /** Makes a token with which it can be watched. */
  "POST /broadcasts/{id}/viewer-tokens": { body: NewViewerToken; answer: ViewerToken };
  /** What to watch. */
  "GET /broadcasts/{id}/on-air": { answer: OnAirUpdate };
  /** A viewer reports that an output is gone. */
  "POST /broadcasts/{id}/reports": { body: ViewerReport; answer: ReportAnswer };
  /** How much of the App ID's limits is used. */
  "GET /quota": { answer: QuotaStatus };
}

/** What a route takes as its body; `never`: none. */
export type BodyOf<Name extends keyof Routes> = Routes[Name] extends { body: infer Body extends object } ? Body : never;

/** What a route answers when it succeeds. */
export type AnswerOf<Name extends keyof Routes> = Routes[Name]["answer"];

/** The Worker runs and is set up. */
export interface Health {
  /** Always `ok`. */
  status: "ok";
}

/** A broadcast to start: the settings of a group. Its `instanceId` is the id; the App ID is the Worker's. */
export interface NewBroadcast extends Omit<GroupOptions, "appId" | "instanceId"> {
  /**
   * 1 to 50 of `A-Z a-z 0-9 - _`; used once. Default: a random one.
   * @pattern ^[A-Za-z0-9_-]{1,50}$
   */
  id?: string;
}

/** A new payload for every lane, or one for each of some. What reads `***…` in it, as the status shows it, stays as it is. */
export type PayloadUpdate =
  | { services: Services }
  | {
      /**
       * One or more of its lanes, by their names.
       * @minItems 1
       */
      lanes: { name: string; services: Services }[];
    };

/** `live`: an output is on air. `offAir`: none is, though one was. `ended`: as asked; `failed`: it has given up. */
export type BroadcastState = "starting" | "live" | "offAir" | "stopping" | "ended" | "failed";

/** A broadcast, as it is listed. */
export interface BroadcastEntry {
  /** Its `instanceId`, which is also its object's name. */
  id: string;
  /** Its state. */
  state: BroadcastState;
  /** What viewers should watch; `null`: nothing is known to run. */
  onAir: OnAir | null;
  /** What counts against the PCW: tasks that live, or may live, and lanes that are about to launch one. */
  tasks: number;
  /** ms since the epoch. */
  startedAt: number;
}

/** The broadcasts of an App ID. */
export interface ListedBroadcasts {
  /** The youngest first. */
  broadcasts: BroadcastEntry[];
}

/** How a broadcast is. */
export interface BroadcastStatus {
  /** Its `instanceId`, which is also its object's name. */
  id: string;
  /** Its state. */
  state: BroadcastState;
  /** What viewers should watch; `null`: nothing is known to run. */
  onAir: OnAir | null;
  /** The primary first. */
  lanes: LaneStatus[];
  /** ms since the epoch. */
  startedAt: number;
  /** When it had ended for good; `null` until then. */
  endedAt: number | null;
  /** Viewers that are connected to its own object. */
  viewers: number;
  /**
   * Since when `AppQuota` gives no permits, in ms since the epoch; `null`: it does, as far as is known. Calls go on without
   * it, at most one a second.
   */
  quotaFailedAt: number | null;
  /** What is allowed in its payload, but probably not meant. */
  warnings: TaskWarning[];
  /**
   * The payload in force, with `***…` in the place of tokens, addresses of streams, and every field that is not known to be
   * harmless. `null`: the lanes have different ones, or it has ended.
   */
  services: Services | null;
}

/** How a broadcast is after a change of its payload. */
export interface UpdatedBroadcast extends BroadcastStatus {
  /** What becomes of the new payload in each lane. */
  updates: LaneUpdate[];
}

/** An event, with its number in the broadcast's history. */
export type StoredEvent = SteadymixEvent & {
  /** Grows with every event. */
  seq: number;
};

/** A part of a broadcast's history. */
export interface EventPage {
  /** Those after `since`, the oldest first, at most 500. */
  events: StoredEvent[];
  /** The `since` with which the next page begins. */
  next: number;
}

/** A viewer token to make. */
export interface NewViewerToken {
  /**
   * s until it expires: 1 to 86400. Default 3600.
   * @minimum 1
   * @maximum 86400
   */
  lifetimeS?: number;
}

/** A viewer token, and when it expires. */
export interface ViewerToken {
  /** Shown as `Authorization: Bearer …`, or `?token=…`. */
  token: string;
  /** ms since the epoch. */
  expiresAt: number;
}

/** What viewers are told. */
export interface OnAirUpdate {
  /** Always `onAir`. */
  type: "onAir";
  /** Grows with every change; one that is not greater than the last is old news. */
  revision: number;
  /** What to watch; `null`: nothing is known to run. */
  onAir: OnAir | null;
  /** The broadcast has ended for good. */
  ended: boolean;
}

/** What a viewer may say: the output that it should watch does not come. */
export interface ViewerReport {
  /** Always `gone`. */
  type: "gone";
  /** Of the output. */
  uid: Uid;
  /** Its channel, where outputs in several channels may have the same uid. */
  channel?: string;
}

/** What became of a report. */
export interface ReportAnswer {
  /** `taken`: the next Query comes sooner. `ignored`: it was about something else, or came too soon after another one. */
  report: "taken" | "ignored";
}

/** How much of the App ID's limits is used. */
export interface QuotaStatus {
  /** `QUOTA` of the environment, with the defaults for what is left out there. */
  limits: Required<Quota>;
  /** Calls in each of the last 60 seconds, the current one last. */
  callsPerSecond: number[];
  /** Calls that wait for a permit. */
  waiting: number;
  /** Tasks that live, or may live, and lanes that are about to launch one. */
  tasks: number;
}

/** What went wrong, as it crosses the wire: errors that are thrown across objects lose their fields. */
export interface ErrorBody<Code extends string = string> {
  /** For programs; stays what it is. */
  code: Code;
  /** For people. */
  message: string;
  /** The path of the setting that is not allowed. */
  field?: string;
  /** The value that was found there. */
  value?: string;
  /** What is allowed there, with units. */
  allowed?: string;
}

/** What a route answers when it does not succeed. */
export interface ErrorAnswer {
  /** Why. */
  error: ErrorBody<RouteErrorCode>;
}

/** Why a route did not succeed, for programs. */
export type RouteErrorCode =
  /** A setting of a broadcast is not allowed; `field`, `value` and `allowed` say more. */
  | "INVALID_OPTIONS"
  /** A payload is not allowed; `field`, `value` and `allowed` say more. */
  | "INVALID_TASK"
  /** The body is no JSON object, or a field of it is not allowed, which `field`, `value` and `allowed` name then. */
  | "INVALID_BODY"
  /** A part of the query is not allowed; `field`, `value` and `allowed` say more. */
  | "INVALID_QUERY"
  /** A notification without a signature that fits. */
  | "INVALID_SIGNATURE"
  /** Without an operator key or viewer token that is valid here. */
  | "UNAUTHORIZED"
  /** Pages of this origin may not use the Worker. */
  | "ORIGIN_NOT_ALLOWED"
  /** There is no such broadcast, or no such route. */
  | "NOT_FOUND"
  /** The route has other methods: `allowed` says which. */
  | "METHOD_NOT_ALLOWED"
  /** The body did not come in time. */
  | "BODY_TOO_SLOW"
  /** A broadcast with this id is on, with other settings. */
  | "ALREADY_STARTED"
  /** The broadcast has ended, or is about to; an id is used once. */
  | "ENDED"
  /** The App ID may not have so many tasks at once. */
  | "PCW_REACHED"
  /** The body is too large. */
  | "BODY_TOO_LARGE"
  /** Neither a WebSocket nor server-sent events were asked for. */
  | "UPGRADE_NEEDED"
  /** The viewer token has all the connections that it may have. */
  | "TOO_MANY_CONNECTIONS"
  /** A fault of the Worker's, which is in its log. */
  | "INTERNAL"
  /** A setting of the Worker's is missing or invalid: `field` names it. */
  | "MISCONFIGURED"
  /** The object that keeps the App ID's limits does not answer: try again later. */
  | "QUOTA_UNAVAILABLE";
