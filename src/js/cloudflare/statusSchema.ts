/** How broadcasts are, and what happened to them. */
import * as T from "typebox";
import type {
  EventDetails,
  FailReason,
  KnownTask,
  LaneStatus,
  LaneUpdate,
  LaunchCause,
  OnAir,
  Outcome,
  RetryReason,
  SteadymixEvent,
  TaskWarning,
} from "../types.js";
import { services } from "./payloadSchema.js";
import type {
  BroadcastEntry,
  BroadcastState,
  BroadcastStatus,
  OnAirWord,
  QuotaStatus,
  StoredEvent,
  UpdatedBroadcast,
} from "./routes.js";
import { count, durationMs, instant, nullable, schemaOf, text, uid } from "./schema.js";
import { broadcastId } from "./settingsSchema.js";

const optionalText = T.Optional(text);

/** What the service said with an answer. */
const said = {
  status: T.Optional(T.Integer()),
  code: T.Optional(T.Integer()),
  message: optionalText,
  details: optionalText,
  stopReason: optionalText,
  requestId: optionalText,
  resourceId: optionalText,
};
const call = T.Enum(["acquire", "create", "query", "update", "delete", "presence", "rtcToken"]);
const launchCause = schemaOf<LaunchCause>()(
  T.Enum([
    "start",
    "updated",
    "acquireSpent",
    "createSpent",
    "createRefused",
    "didNotStart",
    "ended",
    "notFound",
    "abnormal",
    "absent",
    "unidentified",
  ]),
);
const retryReason = schemaOf<RetryReason>()(
  T.Enum([
    "timedOut",
    "notCompleted",
    "serverError",
    "accepted",
    "notFound",
    "refused",
    "rateLimited",
    "dns",
    "unreachable",
    "noAnswer",
    "malformed",
    "notSent",
    "notPersisted",
    "tokenFailed",
  ]),
);
const failReason = schemaOf<FailReason>()(T.Enum(["wrongParameters", "wrongCredentials", "noUidFree", "notRestarted"]));
const outcome = schemaOf<Outcome>()(
  T.Union([
    T.Object({ kind: T.Literal("stopped") }),
    T.Object({ kind: T.Literal("ended") }),
    T.Object({ kind: T.Literal("failed"), reason: failReason }),
  ]),
);

const eventDetails = schemaOf<EventDetails>()(
  T.Union([
    T.Object({ type: T.Literal("launching"), cause: launchCause }),
    T.Object({
      type: T.Literal("retrying"),
      call,
      reason: retryReason,
      waitMs: T.Optional(durationMs),
      attempt: count,
      domain: optionalText,
      ...said,
    }),
    T.Object({ type: T.Literal("created") }),
    T.Object({ type: T.Literal("confirmed"), tookMs: durationMs }),
    T.Object({
      type: T.Literal("suspect"),
      reason: T.Enum(["notFound", "abnormal", "notRunning", "absent"]),
      ...said,
    }),
    T.Object({ type: T.Literal("recovered") }),
    T.Object({ type: T.Literal("ended"), how: T.Enum(["normal", "failed", "notFound", "absent"]), ...said }),
    T.Object({ type: T.Literal("uidSwitched"), from: uid, to: uid, reason: launchCause }),
    T.Object({ type: T.Literal("noUidFree"), waitMs: durationMs }),
    T.Object({
      type: T.Literal("relaunched"),
      previousUid: uid,
      previousTaskId: optionalText,
      downtimeMs: durationMs,
    }),
    T.Object({ type: T.Literal("domainSwitched"), from: text, to: text }),
    T.Object({ type: T.Literal("unidentified") }),
    T.Object({ type: T.Literal("identified"), by: T.Enum(["notice", "lateReply", "reply"]) }),
    T.Object({ type: T.Literal("misconfigured"), call, ...said }),
    T.Object({ type: T.Literal("updated"), sequenceId: count }),
    T.Object({ type: T.Literal("removed") }),
    T.Object({ type: T.Literal("leftBehind"), reason: T.Enum(["deleteFailed", "neverIdentified"]) }),
    T.Object({
      type: T.Literal("onAir"),
      fromLane: optionalText,
      toLane: optionalText,
      fromUid: T.Optional(uid),
      toUid: T.Optional(uid),
      fromChannel: optionalText,
      toChannel: optionalText,
    }),
    T.Object({ type: T.Literal("stopping") }),
    T.Object({ type: T.Literal("stopped") }),
    T.Object({ type: T.Literal("failed"), reason: failReason }),
    T.Object({ type: T.Literal("alreadyEnded"), outcome }),
    T.Object({ type: T.Literal("permitFailed"), reason: T.Enum(["rejected", "timedOut", "invalid"]) }),
    T.Object({ type: T.Literal("permitRecovered"), failedForMs: durationMs }),
  ]),
);

const event = schemaOf<SteadymixEvent>()(
  T.Intersect(
    [
      T.Object({
        at: instant,
        lane: text,
        generation: T.Optional(count),
        uid: T.Optional(uid),
        taskId: optionalText,
        instanceId: optionalText,
      }),
      eventDetails,
    ],
    { title: "Event", description: "Something that happened to one lane. Carries no credential and no token." },
  ),
);

export const storedEvent = schemaOf<StoredEvent>()(T.Intersect([event, T.Object({ seq: count })]));

const onAir = schemaOf<OnAir>()(T.Object({ lane: text, channel: text, uid }, { title: "OnAir" }));

const knownTask = schemaOf<KnownTask>()(
  T.Object(
    {
      generation: count,
      uid,
      instanceId: text,
      taskId: nullable(text),
      standing: T.Enum(["adopted", "unresolved", "stopping", "leftBehind"]),
    },
    { title: "KnownTask" },
  ),
);

const lane = schemaOf<LaneStatus>()(
  T.Object(
    {
      name: text,
      state: T.Enum([
        "launching",
        "confirming",
        "running",
        "suspect",
        "unidentified",
        "waiting",
        "stopping",
        "stopped",
        "failed",
      ]),
      generation: count,
      uids: T.Array(uid),
      uid: nullable(uid),
      taskId: nullable(text),
      lastSeenRunningMs: nullable(instant),
      lastProblem: T.Optional(event),
      tasks: T.Array(knownTask),
    },
    { title: "Lane" },
  ),
);

const state = schemaOf<BroadcastState>()(
  T.Enum(["starting", "live", "dark", "stopping", "over", "failed"], {
    description: "live: an output is on air; dark: none is, though one was; failed: it has given up",
  }),
);

const warning = schemaOf<TaskWarning>()(T.Object({ field: text, message: text }));

export const broadcastStatus = schemaOf<BroadcastStatus>()(
  T.Object(
    {
      id: broadcastId,
      state,
      onAir: nullable(onAir),
      lanes: T.Array(lane),
      startedAt: instant,
      overAt: nullable(instant),
      viewers: count,
      quotaFailedAt: nullable(instant, {
        description: "Since when AppQuota gives no permits. Calls go on without it, at most one a second.",
      }),
      warnings: T.Array(warning),
      services: nullable(services, {
        description:
          "The payload in force, with `***…` in the place of each token, key and address of a stream. null: the lanes have " +
          "different ones, or it is over.",
      }),
    },
    { title: "Broadcast" },
  ),
);

export const updatedBroadcast = schemaOf<UpdatedBroadcast>()(
  T.Intersect([
    broadcastStatus,
    T.Object({
      updates: T.Array(
        schemaOf<LaneUpdate>()(
          T.Object({ lane: text, via: T.Enum(["update", "relaunch", "launch", "nothing"]) }, { title: "LaneUpdate" }),
        ),
      ),
    }),
  ]),
);

export const broadcastEntry = schemaOf<BroadcastEntry>()(
  T.Object(
    { id: broadcastId, state, onAir: nullable(onAir), tasks: count, startedAt: instant },
    { title: "BroadcastEntry" },
  ),
);

export const onAirWord = schemaOf<OnAirWord>()(
  T.Object(
    { type: T.Literal("onAir"), word: count, onAir: nullable(onAir), over: T.Boolean() },
    { title: "OnAirWord" },
  ),
);

export const quotaStatus = schemaOf<QuotaStatus>()(
  T.Object(
    {
      limits: T.Object({ callsPerSecond: count, burst: count, pcw: count }),
      callsPerSecond: T.Array(count, { description: "of the last 60 seconds, the current one last" }),
      waiting: count,
      tasks: count,
    },
    { title: "Quota" },
  ),
);
