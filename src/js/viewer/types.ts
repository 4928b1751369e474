/** What the viewer's failover is told and tells. All times are in ms. */

/** An RTC user id. */
export type Uid = number;

/** What a track carries. */
export type Kind = "audio" | "video";

/** How a remote track is, as the SDKs name it. */
export type MediaState = "stopped" | "starting" | "decoding" | "frozen" | "failed";

/** What an SDK tells of the outputs and of the viewer. */
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
  /** Whether bytes came in since the last look at the statistics. */
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
  /** The server's word of which output is on air. */
  | { type: "onAir"; uid: Uid };

/** Why another output is shown. */
export type SwitchReason =
  | "left"
  | "unpublished"
  | "frozen"
  | "dead"
  | "muted"
  | "audioLost"
  | "failed"
  | "notStarted"
  | "onAir"
  /** Only of `degraded`: the application unsubscribed from it, or the SDK lost it. It is subscribed to again. */
  | "unsubscribed";

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
  /** The one that was left flows again so soon that it was left for nothing. */
  | { type: "falseAlarm"; uid: Uid }
  /** Outputs are there, but none is well, or can be shown. */
  | { type: "bothDown" }
  /** This viewer cannot decode or play it. That is no fault of the output: the same of another one fails too. */
  | { type: "unplayable"; uid: Uid; kind: Kind }
  /** The viewer was thrown out, or its uid is elsewhere: nothing more is done. Joining again is the application's decision. */
  | { type: "closed" };

/** How an output is, as far as this viewer can tell. */
export type Health =
  /** Not in the channel, or without video. */
  | "absent"
  /** It can be subscribed to. */
  | "available"
  /** Subscribed; it has not shown two frames yet. */
  | "starting"
  /** Its picture flows. */
  | "playing"
  /** Its picture does not flow any more. */
  | "frozen"
  /** Muted on purpose. */
  | "muted"
  /** It cannot be decoded, or did not start. */
  | "failed";

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
export interface FailoverSettings {
  /** `hot`: the backup's video and audio, decoding; `probe`: its audio only, silent; `cold`: nothing. Default `hot`. */
  standby?: "hot" | "probe" | "cold";
  /**
   * An output that the SDK calls frozen is waited for this long. Where frames are told, as browsers do, one that
   * provably stands still is left sooner. 0, or from 100 to 86400000. Default 1000.
   */
  frozenMs?: number;
  /** The same, when an engine says that congestion is the cause. 0, or from 100 to 86400000. Default 1500. */
  congestedMs?: number;
  /** The same, when the viewer's own network is bad. 0, or from 100 to 86400000. Default 3000. */
  badNetworkMs?: number;
  /** A deliberate mute is waited for this long. 0, or from 100 to 86400000. Default 2000. */
  mutedMs?: number;
  /** Lost audio is waited for this long. 0, or from 100 to 86400000. Default 2000. */
  audioMs?: number;
  /**
   * With a hot standby that progresses, no frame for this long is enough (or four intervals). 0, or from 50 to
   * 86400000. Default 250.
   */
  frameGapMs?: number;
  /** An output without a picture this long after it was asked for has failed. From 500 to 86400000. Default 3000. */
  startingMs?: number;
  /** One that failed is not tried again for this long. 0, or from 500 to 86400000. Default 30000. */
  penaltyMs?: number;
  /**
   * After a switch only a certain loss is followed by another for this long. 0, or from 500 to 86400000. Default 5000.
   */
  dwellMs?: number;
  /** After the viewer's own reconnect nothing is believed for this long. 0, or from 100 to 86400000. Default 3500. */
  settleMs?: number;
  /** When none is well for this long, that is told. 0, or from 500 to 86400000. Default 10000. */
  bothDownMs?: number;
  /** One that is back this soon was left for nothing. 0, or from 100 to 86400000. Default 5000. */
  falseAlarmMs?: number;
  /**
   * The preferred output must be healthy this long to be shown again. 0, or from 1000 to 86400000. Default: never,
   * while the other is healthy.
   */
  failBackMs?: number;
}
