/**
 * Signals, steps and events of the viewer's failover. All times are in ms. Unions of words are derived from `tables.ts`, where a
 * word's place is its number; `@useDeclaredType` makes the reference list them.
 */
import type { Uid } from "../contract.js";
import type { FailoverDurations } from "./durations.js";
import type { HEALTH, KINDS, REASONS, STATES } from "./tables.js";

export type { Uid };

/**
 * What a track carries.
 * @useDeclaredType
 */
export type Kind = (typeof KINDS)[number];

/**
 * How a remote track is, as the SDKs name it.
 * @useDeclaredType
 */
export type MediaState = (typeof STATES)[number];

/** What an SDK reports of the outputs and of the viewer. */
export type Signal =
  | { type: "joined"; uid: Uid }
  /** `unknown`: the SDK does not say, as after the viewer's own reconnect. */
  | { type: "left"; uid: Uid; how: "quit" | "timedOut" | "becameAudience" | "unknown" }
  | { type: "published"; uid: Uid; kind: Kind }
  | { type: "unpublished"; uid: Uid; kind: Kind }
  /** The sender says that it muted a track on purpose, or unmuted it. */
  | { type: "muted"; uid: Uid; kind: Kind; muted: boolean }
  /** `reason` is the number of native engines; 0 where there is none. */
  | { type: "state"; uid: Uid; kind: Kind; state: MediaState; reason?: number }
  /** A frame of the video was presented. */
  | { type: "frame"; uid: Uid }
  /** Whether bytes came in since the last stats poll. */
  | { type: "progress"; uid: Uid; kind: Kind; advanced: boolean }
  | { type: "subscribeFailed"; uid: Uid; kind: Kind }
  /** What was subscribed is so no more, though the viewer did not end it: the application did, or the SDK. */
  | { type: "subscriptionLost"; uid: Uid; kind: Kind }
  | { type: "decodeFailed"; uid: Uid }
  /** The viewer's connection; `closed`: banned, or the same viewer uid elsewhere. */
  | { type: "connection"; state: "reconnecting" | "connected" | "closed" }
  /** Whether the viewer's media path is whole. */
  | { type: "mediaPath"; whole: boolean }
  | { type: "badNetwork"; bad: boolean }
  | { type: "visible"; visible: boolean }
  /** The output that the server says is on air. */
  | { type: "onAir"; uid: Uid };

/**
 * Why another output is shown. `unsubscribed` is a reason of `degraded` only: the application unsubscribed from the output, or
 * the SDK lost it. It is subscribed to again.
 * @useDeclaredType
 */
export type SwitchReason = (typeof REASONS)[number];

/** What happened to the picture. */
export type ViewerEvent =
  /** The output that is shown is not well. */
  | { type: "degraded"; uid: Uid; reason: SwitchReason }
  /** It is well again, and nothing was changed. */
  | { type: "recovered"; uid: Uid }
  /** `detectMs`: last old frame to decision; `switchMs`: decision to first new frame; `outageMs`: both. */
  | {
      type: "switched";
      from: Uid;
      to: Uid;
      reason: SwitchReason;
      detectMs: number;
      switchMs: number;
      outageMs: number;
    }
  | { type: "failedBack"; from: Uid; to: Uid }
  /** A false positive: the output that was left flows again within `falseAlarmMs`. */
  | { type: "falseAlarm"; uid: Uid }
  /** Outputs are there, but none is well, or can be shown. */
  | { type: "bothDown" }
  /** This viewer cannot decode or play it. That is no fault of the output: the same of another one fails too. */
  | { type: "unplayable"; uid: Uid; kind: Kind }
  /** The viewer was thrown out, or its uid is elsewhere: nothing more is done. Joining again is the application's decision. */
  | { type: "closed" };

/**
 * How an output is, as far as this viewer can tell:
 * - `absent`: not in the channel, or without video.
 * - `available`: it can be subscribed to.
 * - `starting`: subscribed; it has not shown two frames yet.
 * - `playing`: its picture flows.
 * - `frozen`: its picture does not flow any more.
 * - `muted`: on purpose.
 * - `failed`: it cannot be decoded, or did not start.
 * @useDeclaredType
 */
export type Health = (typeof HEALTH)[number];

/** An output, and how it is. */
export interface OutputHealth {
  /** Its uid. */
  uid: Uid;
  /** As far as this viewer can tell. */
  health: Health;
}

/** What to do. */
export type Step =
  | { type: "subscribe"; uid: Uid; kind: Kind }
  | { type: "unsubscribe"; uid: Uid; kind: Kind }
  | { type: "show"; uid: Uid }
  | { type: "tell"; event: ViewerEvent }
  /** Until something happens, or that time has come. */
  | { type: "wait"; until: number | undefined };

/** Settings; every one has a default. */
export interface FailoverSettings extends FailoverDurations {
  /** `hot`: the backup's video and audio, decoding; `probe`: its audio only, silent; `cold`: nothing. Default `hot`. */
  standby?: "hot" | "probe" | "cold";
}
