/** The settings of a broadcast. The core checks them; a test holds what it allows against what is said here. */
import * as T from "typebox";
import { GROUP_ID, GROUP_ID_ALLOWED } from "../instanceId.js";
import type { LaneConfig, Quota, RetrySchedules } from "../types.js";
import { services } from "./payloadSchema.js";
import type { NewBroadcast, PayloadUpdate } from "./routes.js";
import { nullable, schemaOf, text, uid } from "./schema.js";

const HOUR = 3_600_000;
const DAY = 86_400_000;
const closed = { additionalProperties: false };

const duration = (minimum: number, maximum: number) => T.Integer({ minimum, maximum, description: "ms" });
const durationOrZero = (minimum: number, maximum: number) => T.Union([T.Literal(0), duration(minimum, maximum)]);
const delaysOf = <Delay extends T.TSchema>(delay: Delay) => T.Optional(T.Array(delay, { minItems: 1, maxItems: 20 }));
const delays = delaysOf(duration(100, HOUR));

export const broadcastId = T.String({ pattern: GROUP_ID.source, description: GROUP_ID_ALLOWED });

const policy = schemaOf<Partial<RetrySchedules>>()(
  T.Object(
    {
      createTimedOutMs: delays,
      createServerErrorMs: delays,
      createNotCompletedMs: delays,
      queryNotFoundMs: delays,
      queryServerErrorMs: delays,
      queryRefusedMs: delays,
      deleteMs: delays,
      noAnswerMs: delays,
      rateLimitedMs: delays,
      confirmMs: delays,
      confirmDeadlineMs: T.Optional(duration(1_000, HOUR)),
      monitorIntervalMs: T.Optional(duration(1_000, HOUR)),
      relaunchMs: delaysOf(durationOrZero(500, HOUR)),
      relaunchResetMs: T.Optional(durationOrZero(10_000, DAY)),
      migrationMs: T.Optional(duration(1_000, HOUR)),
      unidentifiedMs: T.Optional(nullable(duration(1_000, HOUR))),
      presenceMs: delays,
      presenceAbsences: T.Optional(T.Integer({ minimum: 1, maximum: 20 })),
      stopDeadlineMs: T.Optional(durationOrZero(1_000, HOUR)),
      requestTimeoutMs: T.Optional(duration(1_000, 120_000)),
      hintIntervalMs: T.Optional(duration(1_000, HOUR)),
      retryAfterMaxMs: T.Optional(durationOrZero(1_000, HOUR)),
      jitterPercent: T.Optional(T.Integer({ minimum: 0, maximum: 100 })),
    },
    { ...closed, title: "RetrySchedules", description: "Schedules that differ from the documented ones." },
  ),
);

const quota = schemaOf<Quota>()(
  T.Object(
    {
      callsPerSecond: T.Optional(T.Integer({ minimum: 1, maximum: 10_000 })),
      burst: T.Optional(T.Integer({ minimum: 2, maximum: 10_000 })),
      pcw: T.Optional(T.Integer({ minimum: 1, maximum: 1_000_000 })),
    },
    closed,
  ),
);

const lane = schemaOf<LaneConfig>()(
  T.Object(
    {
      name: T.String({ minLength: 1, maxLength: 32 }),
      uids: T.Array(uid, { minItems: 2, uniqueItems: true }),
      services: T.Optional(services),
    },
    closed,
  ),
);

export const newBroadcast = schemaOf<NewBroadcast>()(
  T.Object(
    {
      id: T.Optional(broadcastId),
      services,
      lanes: T.Array(lane, {
        minItems: 1,
        maxItems: 99,
        description: "The primary first. No two lanes of one output channel have a uid in common.",
      }),
      area: T.Optional(T.Enum(["china", "north-america", "europe", "asia-pacific"])),
      region: T.Optional(text),
      domainReturnMs: T.Optional(duration(1_000, DAY)),
      policy: T.Optional(policy),
      quota: T.Optional(quota),
      restart: T.Optional(T.Enum(["on-failure", "always", "never"])),
      migration: T.Optional(T.Enum(["relaunch", "wait"])),
      rollout: T.Optional(T.Enum(["relaunch", "refuse"])),
      presence: T.Optional(T.Enum(["when-unknown", "always", "never"])),
      onAir: T.Optional(T.Enum(["sticky", "prefer-primary"])),
      startGraceMs: T.Optional(durationOrZero(500, 60_000)),
      seed: T.Optional(T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    },
    { ...closed, title: "NewBroadcast" },
  ),
);

export const payloadUpdate = schemaOf<PayloadUpdate>()(
  T.Union([
    T.Object({ services }, closed),
    T.Object({ lanes: T.Array(T.Object({ name: text, services }, closed), { minItems: 1 }) }, closed),
  ]),
);
