/**
 * Signals, steps, events and options of the viewer's failover. All times are in ms. Unions of strings are derived from `tables.ts`;
 * `@useDeclaredType` makes the reference list their members.
 */
import type { Uid } from "../contract.js";
import type { FailoverDurations } from "./durations.js";
import type { HEALTH, KINDS, LEAVE_REASONS, REASONS, STATES } from "./tables.js";

export type { Uid };

/**
 * The kind of a track.
 * @useDeclaredType
 */
export type Kind = (typeof KINDS)[number];

/**
 * The state of a remote track, as in the SDKs.
 * @useDeclaredType
 */
export type MediaState = (typeof STATES)[number];

/**
 * Why an output left the channel. `unknown`: the SDK gives no reason, as after the viewer's own reconnect.
 * @useDeclaredType
 */
export type LeaveReason = (typeof LEAVE_REASONS)[number];

/** A report of an SDK about an output or the viewer. */
export type Signal =
  | { type: "joined"; uid: Uid }
  | { type: "left"; uid: Uid; reason: LeaveReason }
  | { type: "published"; uid: Uid; kind: Kind }
  | { type: "unpublished"; uid: Uid; kind: Kind }
  /** The sender muted or unmuted a track. */
  | { type: "muted"; uid: Uid; kind: Kind; muted: boolean }
  /** `reason`: the number that native SDKs report; 0 if there is none. */
  | { type: "state"; uid: Uid; kind: Kind; state: MediaState; reason?: number }
  /** A video frame was presented. */
  | { type: "frame"; uid: Uid }
  /** A stats poll: whether bytes arrived since the last one. */
  | { type: "stats"; uid: Uid; kind: Kind; receiving: boolean }
  | { type: "subscribeFailed"; uid: Uid; kind: Kind }
  /** The application or the SDK ended a subscription. */
  | { type: "subscriptionLost"; uid: Uid; kind: Kind }
  | { type: "decodeFailed"; uid: Uid }
  /** The viewer's connection to the service. `closed`: banned, or the viewer's uid joined elsewhere. */
  | { type: "connection"; state: "reconnecting" | "connected" | "closed" }
  /** The viewer's media connection. */
  | { type: "mediaConnection"; connected: boolean }
  /** The viewer's downlink. */
  | { type: "network"; poor: boolean }
  /** The page. */
  | { type: "visible"; visible: boolean }
  /** The server has put this output on air. */
  | { type: "onAir"; uid: Uid };

/**
 * Why the viewer switches, or why the output on screen is degraded:
 * - `left`: it left the channel.
 * - `unpublished`: its video was unpublished.
 * - `frozen`: its frames stopped.
 * - `noData`: its bytes stopped.
 * - `muted`: the sender muted its video.
 * - `audioLost`: its audio stopped.
 * - `failed`: it cannot be decoded.
 * - `notStarted`: it did not start within `startTimeoutMs`.
 * - `onAir`: the server has put another output on air.
 * - `unsubscribed`: the application or the SDK ended the subscription; it is renewed. Only in `degraded`.
 * @useDeclaredType
 */
export type SwitchReason = (typeof REASONS)[number];

/** An event for the application. */
export type ViewerEvent =
  /** The output on screen is unhealthy. */
  | { type: "degraded"; uid: Uid; reason: SwitchReason }
  /** The output on screen is healthy again, without a switch. */
  | { type: "recovered"; uid: Uid }
  /** `detectMs`: last old frame to decision; `switchMs`: decision to first new frame; `outageMs`: both together. */
  | {
      type: "switched";
      from: Uid;
      to: Uid;
      reason: SwitchReason;
      detectMs: number;
      switchMs: number;
      outageMs: number;
    }
  /** A more preferred output is on screen again. */
  | { type: "failedBack"; from: Uid; to: Uid }
  /** A false positive: the previous output recovered within `falseAlarmWindowMs`. */
  | { type: "falseAlarm"; uid: Uid }
  /** Outputs are published, but none is healthy. */
  | { type: "allDown" }
  /**
   * This viewer cannot decode or play the track. There is no switch, because other outputs with the same codec would fail too.
   */
  | { type: "unplayable"; uid: Uid; kind: Kind }
  /** The viewer was banned, or its uid joined elsewhere: the failover has stopped. Your app decides whether to join again. */
  | { type: "closed" };

/**
 * The state of an output, as seen by this viewer:
 * - `absent`: not in the channel, or without video.
 * - `available`: published, but not subscribed.
 * - `starting`: subscribed; its second frame has not arrived yet.
 * - `playing`: its frames arrive.
 * - `frozen`: its frames have stopped.
 * - `muted`: the sender muted its video.
 * - `failed`: it could not be decoded or did not start, and `failureCooldownMs` is not over.
 * @useDeclaredType
 */
export type Health = (typeof HEALTH)[number];

/** The state of one output. */
export interface OutputHealth {
  /** The output. */
  uid: Uid;
  /** Its state, as seen by this viewer. */
  health: Health;
}

/** An action of the failover. */
export type Step =
  | { type: "subscribe"; uid: Uid; kind: Kind }
  | { type: "unsubscribe"; uid: Uid; kind: Kind }
  | { type: "show"; uid: Uid }
  | { type: "emit"; event: ViewerEvent }
  /** Wait for the next signal, or until this time. */
  | { type: "wait"; until: number | undefined };

/** Options of a failover. All have defaults. */
export interface FailoverOptions extends FailoverDurations {
  /**
   * How much of a backup is subscribed. `hot`: its video and audio, decoding; `warm`: its audio only, muted; `cold`: nothing.
   * Default `hot`.
   */
  standby?: "hot" | "warm" | "cold";
}
