// Generated from the documents of the Rust core: STEADYMIX_GENERATE=1 cargo test typescript
/** What goes into the core and comes out of it. All times and durations are in ms unless a name says otherwise. */
import type { EventDetails } from "./types.js";

/**
 * An RTC user id: 1 to 4294967295 for an output.
 * @minimum 1
 * @maximum 4294967295
 */
export type Uid = number;

/**
 * The payload of a task: `services` of Acquire, Create and Update. Fields that are not known pass through unchanged.
 */
export interface Services {
  /** The one service there is, and its settings. */
  cloudTranscoder: CloudTranscoder;
  [field: string]: unknown;
}

/** `services.cloudTranscoder`. */
export interface CloudTranscoder {
  /** Which one it is. */
  serviceType: "cloudTranscoderV2";
  /** Its settings. */
  config: CloudTranscoderConfig;
  [field: string]: unknown;
}

/** `services.cloudTranscoder.config`. */
export interface CloudTranscoderConfig {
  /** What to mix, and where to. */
  transcoder: Transcoder;
  [field: string]: unknown;
}

/** `services.cloudTranscoder.config.transcoder`. */
export interface Transcoder {
  /**
   * The task ends by itself when all hosts have been away this long: 1 to 86400 s, default 300 s.
   * @minimum 1
   * @maximum 86400
   */
  idleTimeout?: number;
  /** Default `mix`. The others take at most one input. */
  streamProcessMode?: "mix" | "single" | "heterogeneous-single";
  /** What is heard; of both lists together at least one input, and all from one channel. */
  audioInputs?: Input[] | null;
  /** What is seen. */
  videoInputs?: Input[] | null;
  /** What the videos are put on: required when videos are mixed. */
  canvas?: Canvas | null;
  /** What is put over them. */
  waterMarks?: WaterMark[] | null;
  /**
   * Where it goes. A supervised task has one output into an RTC channel; its uid and token are filled in for each
   * launch.
   * @minItems 1
   */
  outputs: Output[];
  [field: string]: unknown;
}

/** One of `audioInputs` or `videoInputs`: either `rtc`, a host's stream, or `streamUrl`, a media file or stream. */
export interface Input {
  /** A host's stream; of audio, uid 0 is everybody's. */
  rtc?: Rtc;
  /** The address of a media file or stream. */
  streamUrl?: string;
  /**
   * 0 to 200.
   * @minimum 0
   * @maximum 200
   */
  volume?: number;
  /** How often `streamUrl` is played; not 0. */
  repeat?: number;
  /** The address of a jpg or png to show while there is no video. */
  placeholderImageUrl?: string | null;
  /** Where a video goes on the canvas: required, with its zOrder, when videos are mixed. */
  region?: Region;
  [field: string]: unknown;
}

/** A stream in an RTC channel. */
export interface Rtc {
  /**
   * The channel: 1 to 64 bytes.
   * @minLength 1
   * @maxLength 64
   */
  rtcChannel: string;
  /**
   * A host's uid; of audio inputs 0 is everybody's. Of an output it may be left out where a supervisor fills it in.
   * @minimum 0
   * @maximum 4294967295
   */
  rtcUid?: number;
  /**
   * The RTC token: of an input made for uid 0, of an output for its uid; in a project without an App Certificate the
   * App ID.
   */
  rtcToken?: string;
  [field: string]: unknown;
}

/** A rectangle on the canvas, in pixels. */
export interface Region {
  /**
   * From the left, in pixels: 0 to 3840.
   * @minimum 0
   * @maximum 3840
   */
  x: number;
  /**
   * From the top, in pixels: 0 to 3840.
   * @minimum 0
   * @maximum 3840
   */
  y: number;
  /**
   * 120 to 3840 pixels, of a watermark 1 to 3840.
   * @minimum 1
   * @maximum 3840
   */
  width: number;
  /**
   * 120 to 3840 pixels, of a watermark 1 to 3840.
   * @minimum 1
   * @maximum 3840
   */
  height: number;
  /**
   * 0 to 100, higher is nearer; required of a video, where the newest reference allows 2 to 100.
   * @minimum 0
   * @maximum 100
   */
  zOrder?: number;
  [field: string]: unknown;
}

/** What videos are put on. */
export interface Canvas {
  /**
   * 120 to 3840 pixels.
   * @minimum 120
   * @maximum 3840
   */
  width: number;
  /**
   * 120 to 3840 pixels.
   * @minimum 120
   * @maximum 3840
   */
  height: number;
  /**
   * `0xRRGGBB`, 0 to 16777215: required when videos are mixed.
   * @minimum 0
   * @maximum 16777215
   */
  color?: number;
  /** The address of a jpg or png. */
  backgroundImage?: string | null;
  /** How `backgroundImage` is fitted in. */
  fillMode?: "FILL" | "FIT";
  [field: string]: unknown;
}

/** A picture over the picture. */
export interface WaterMark {
  /** The address of a jpg or png. */
  imageUrl: string;
  /** Where it goes on the canvas. */
  region: Region;
  /** How it is fitted into its region. */
  fillMode?: "FILL" | "FIT";
  [field: string]: unknown;
}

/** Either `rtc` or `streamUrl`. */
export interface Output {
  /** Into an RTC channel; all outputs of a task into the same one. */
  rtc?: Rtc;
  /** To a CDN address. */
  streamUrl?: string;
  /** How the audio is encoded. */
  audioOption?: AudioOption;
  /** How the video is encoded: required of one output when videos are mixed. */
  videoOption?: VideoOption;
  [field: string]: unknown;
}

/** How the audio is encoded. */
export interface AudioOption {
  /** The audio profile of the SDK's. */
  profileType?:
    | "AUDIO_PROFILE_DEFAULT"
    | "AUDIO_PROFILE_SPEECH_STANDARD"
    | "AUDIO_PROFILE_MUSIC_STANDARD"
    | "AUDIO_PROFILE_MUSIC_STANDARD_STEREO"
    | "AUDIO_PROFILE_MUSIC_HIGH_QUALITY"
    | "AUDIO_PROFILE_MUSIC_HIGH_QUALITY_STEREO";
  [field: string]: unknown;
}

/** How the video is encoded. */
export interface VideoOption {
  /**
   * 120 pixels or more; 1920×1080 at most, or 1080×1920. Required, unless `mode` is `RAW`.
   * @minimum 120
   * @maximum 1920
   */
  width?: number;
  /**
   * 120 pixels or more; 1920×1080 at most, or 1080×1920. Required, unless `mode` is `RAW`.
   * @minimum 120
   * @maximum 1920
   */
  height?: number;
  /**
   * 1 to 10000 kbit/s.
   * @minimum 1
   * @maximum 10000
   */
  bitrate?: number;
  /** Required, unless `mode` is `RAW`. `H265` to CDN addresses only. */
  codec?: "H264" | "VP8" | "H265";
  /**
   * 1 to 30 frames a second, default 15.
   * @minimum 1
   * @maximum 30
   */
  fps?: number;
  /** `RAW`: passed on as it comes in; takes one input. */
  mode?: "RAW";
  [field: string]: unknown;
}

/** A value that is not allowed where it stands. */
export interface Violation {
  /**
   * The path of the field, as the user wrote it: `options.policy.confirmDelaysMs[0]`, or of a payload from `services`
   * on.
   */
  field: string;
  /** The value that was found. */
  value: string;
  /** What is allowed there, with units. */
  allowed: string;
}

/** Something that is allowed, but probably not meant. */
export interface TaskWarning {
  /** The path of the field. */
  field: string;
  /** What may come of it. */
  message: string;
}

/** Where the broadcast is, which decides which domains are near. */
export type Area =
  /** Mainland China. */
  | "china"
  /** North America. */
  | "north-america"
  /** Europe. */
  | "europe"
  /** Asia Pacific, without mainland China. */
  | "asia-pacific";

/** When a task that ended is launched again. */
export type Restart =
  /** Unless it ended normally: for idleness, or stopped by somebody else. */
  | "on-failure"
  /** However it ended. */
  | "always"
  /**
   * Not at all. One that has run and does not any more is given `migrationGraceMs` to come back by itself, and ended
   * then.
   */
  | "never";

/** What to do when the service reports that a task exited unexpectedly: it may move it by itself within about 90 s. */
export type Migration =
  /** Launch at once under the other uid. */
  | "relaunch"
  /** Give the service its 90 s. */
  | "wait";

/** What to do with a new payload that the service cannot take in a running task. */
export type Rollout =
  /** Launch a new task with it under the other uid, and end the old one once that runs: one lane after the other. */
  | "relaunch"
  /** Refuse it. */
  | "refuse";

/** When to ask who is in the channel. */
export type Presence =
  /** Only to find out what became of a create whose outcome is unknown. */
  | "when-unknown"
  /** With each poll too: a second opinion on a running task. */
  | "always"
  /** Never. */
  | "never";

/** Which output is put on air. */
export type OnAirPolicy =
  /** The one that is on air stays there while it runs. */
  | "sticky"
  /** The first lane, whenever it runs. */
  | "prefer-primary";

/**
 * Every backoff schedule: the service's own ones are the defaults, and ours where it has none. Lists are the waits
 * before each further attempt.
 */
export interface RetrySchedules {
  /**
   * Acquire, Create or Update answered 206: the same again. From 100 to 3600000. Default 3000, 6000, 9000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  createTimedOutDelaysMs: number[];
  /**
   * Acquire, Create or Update answered 50x: the same again. From 100 to 3600000. Default 3000, 6000, 9000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  createServerErrorDelaysMs: number[];
  /**
   * Acquire, Create or Update answered code 65, with a 40x too: the same again. From 100 to 3600000. Default 3000,
   * 6000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  createNotCompletedDelaysMs: number[];
  /**
   * Query answered 404: again; when exhausted, the task is gone. From 100 to 3600000. Default 5000, 10000, 15000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  queryNotFoundDelaysMs: number[];
  /**
   * Query answered 50x or 206: again; the last repeats, as it never proves an exit. From 100 to 3600000. Default 5000,
   * 10000, 15000, 30000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  queryServerErrorDelaysMs: number[];
  /**
   * Query answered 40x: again; when exhausted, the operator is told, and monitoring goes on. From 100 to 3600000.
   * Default 5000, 10000, 15000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  queryRefusedDelaysMs: number[];
  /**
   * Delete answered 50x, 206 or 40x: again; when exhausted, the task is left behind. From 100 to 3600000. Default 5000,
   * 10000, 15000, 30000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  deleteDelaysMs: number[];
  /**
   * No answer to any call: again, each time on the domain that is due. From 100 to 3600000. Default 1000, 3000, 6000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  noAnswerDelaysMs: number[];
  /**
   * 429 without `Retry-After`: again; the last repeats, and no attempt is spent. From 100 to 3600000. Default 1000,
   * 2000, 5000, 10000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  rateLimitedDelaysMs: number[];
  /**
   * Looks for a new task, the first after its taskId came; the last repeats; each is shorter than `idleTimeout`. From
   * 100 to 3600000. Default 5000, 5000, 5000, 10000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  confirmDelaysMs: number[];
  /**
   * A task that does not run this long after its taskId did not start. From 1000 to 3600000. Default 90000.
   * @minimum 1000
   * @maximum 3600000
   */
  confirmTimeoutMs: number;
  /**
   * Between two looks for a running task. From 1000 to 3600000. Default 120000.
   * @minimum 1000
   * @maximum 3600000
   */
  monitorIntervalMs: number;
  /**
   * Launching again; the last repeats. 0, or from 500 to 3600000. Default 0, 5000, 15000, 30000, 60000, 120000, 300000.
   * @minItems 1
   * @maxItems 20
   * @minimum 500
   * @maximum 3600000
   * @also 0
   */
  relaunchDelaysMs: number[];
  /**
   * After running this long, earlier launches are forgotten. 0, or from 10000 to 86400000. Default 600000.
   * @minimum 10000
   * @maximum 86400000
   * @also 0
   */
  relaunchResetAfterMs: number;
  /**
   * How long the service is given to move a task that failed (`migration: "wait"`); and how long a running task is
   * looked at every 10 s once a notification said that it has stopped or failed. From 1000 to 3600000. Default 90000.
   * @minimum 1000
   * @maximum 3600000
   */
  migrationGraceMs: number;
  /**
   * A task that runs but that nobody names is replaced after this; `null`: never. From 1000 to 3600000. Default 90000.
   * @minimum 1000
   * @maximum 3600000
   */
  taskIdUnknownGraceMs: number | null;
  /**
   * Looks into the channel for an unresolved create; the last repeats. From 100 to 3600000. Default 10000, 10000,
   * 10000, 15000, 30000, 60000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  presenceDelaysMs: number[];
  /**
   * So many looks in a row without a uid prove that it is gone, besides those during `migrationGraceMs`, in which the
   * service may be moving it. From 1 to 20. Default 3.
   * @minimum 1
   * @maximum 20
   */
  presenceAbsences: number;
  /**
   * How long `stop()` waits for a task that cannot be ended or found. One whose id is known is not given up before a
   * Delete of it was tried, however much later that is. 0, or from 1000 to 3600000. Default 300000.
   * @minimum 1000
   * @maximum 3600000
   * @also 0
   */
  stopTimeoutMs: number;
  /**
   * Time-out of each attempt, whatever the others took. From 1000 to 120000. Default 10000.
   * @minimum 1000
   * @maximum 120000
   */
  requestTimeoutMs: number;
  /**
   * `checkNow()` and notifications bring a Query forward at most this often. From 1000 to 3600000. Default 5000.
   * @minimum 1000
   * @maximum 3600000
   */
  checkNowIntervalMs: number;
  /**
   * The longest `Retry-After` that is followed: a longer one, or a later date, counts as this. Dates are compared with
   * the reply's own `Date`, where it has one. 0, or from 1000 to 3600000. Default 300000.
   * @minimum 1000
   * @maximum 3600000
   * @also 0
   */
  maxRetryAfterMs: number;
  /**
   * How much longer a wait may become by chance, in percent of it, so that a fleet does not ask in step. From 0 to 100.
   * Default 0.
   * @minimum 0
   * @maximum 100
   */
  jitterPercent: number;
}

/** An App ID's limits, where they differ from the documented ones: Agora's support can raise them. */
export interface Quota {
  /**
   * Steady calls a second: 1 to 10000, default 8; services are known to refuse before their nominal 10. With a `pcw`
   * under 80 the default is a tenth of it, but at least 1: the service allows no more requests than that, and does not
   * say whether it counts Query. Together with `burst` the most in any one second.
   * @minimum 1
   * @maximum 10000
   */
  callsPerSecond?: number;
  /**
   * Calls at once after a quiet time: 2 to 10000, default 2 (an Acquire and its Create).
   * @minimum 2
   * @maximum 10000
   */
  burst?: number;
  /**
   * Peak concurrent tasks, of the largest output size that is used: 1 to 1000000. Default that of a new project: in
   * North America and Europe 10 SD (up to 640×360 pixels), 5 HD (1280×720) or 2 FHD (1920×1080); in Asia Pacific 20, 10
   * or 3; in mainland China 20, 10 or 5. At most a tenth of it is created a second.
   * @minimum 1
   * @maximum 1000000
   */
  pcw?: number;
}

/** What supervisors and groups have in common. */
export interface CommonOptions {
  /** The project. */
  appId: string;
  /** What the instanceIds of its tasks begin with: 1 to 53 (in a group 50) of `A-Z a-z 0-9 - _`. */
  instanceId: string;
  /** The payload. */
  services: Services;
  /** Default `north-america`. */
  area?: Area;
  /** The region next to you, whose neighbour is asked when nothing else answers. */
  region?: string;
  /**
   * When the primary domain is tried again after it was left. From 1000 to 86400000. Default 600000.
   * @minimum 1000
   * @maximum 86400000
   */
  domainCooldownMs?: number;
  /** Schedules that differ from the documented ones. */
  policy?: Partial<RetrySchedules>;
  /** Limits that differ from the documented ones. */
  quota?: Quota;
  /** When a task that ended is launched again. Default `on-failure`. */
  restart?: Restart;
  /** What to do when the service says that it will move a failed task. Default `relaunch`. */
  migration?: Migration;
  /** What to do with a new payload that the service cannot take in a running task. Default `relaunch`. */
  rollout?: Rollout;
  /** When to ask who is in the channel. Default `when-unknown`. */
  presence?: Presence;
  /**
   * Of the jitter.
   * @minimum 0
   * @maximum 9007199254740991
   */
  seed?: number;
}

/** Settings of a supervisor. */
export interface SupervisorOptions extends CommonOptions {
  /**
   * Two or more output uids, the primary first.
   * @minItems 2
   */
  uids: Uid[];
}

/** Settings of one lane of a group. */
export interface LaneOptions {
  /**
   * 1 to 32 characters.
   * @minLength 1
   * @maxLength 32
   */
  name: string;
  /**
   * Two or more output uids; no other lane's in the same output channel.
   * @minItems 2
   */
  uids: Uid[];
  /** A payload of its own, until an update gives all lanes the same. Each keeps the channel of its own output. */
  services?: Services;
}

/** Settings of a group. */
export interface GroupOptions extends CommonOptions {
  /**
   * The primary first.
   * @minItems 1
   * @maxItems 99
   */
  lanes: LaneOptions[];
  /** Which output is put on air. Default `sticky`. */
  onAirPolicy?: OnAirPolicy;
  /**
   * How long, at the start, a backup that runs first waits for the primary before it goes on air: viewers would begin
   * with it, only to leave it a moment later. 0, or from 500 to 60000. Default 5000.
   * @minimum 500
   * @maximum 60000
   * @also 0
   */
  startGraceMs?: number;
}

/** Something that happened to one lane. Carries no credential and no token. */
export type SteadymixEvent = {
  /** When, in ms since the epoch, by the caller's clock. */
  at: number;
  /** The lane's name; of a supervisor `main`. */
  lane: string;
  /** The launch it is about, by its number. */
  generation?: number;
  /** The output uid it is about. */
  uid?: Uid;
  /** The task, where it is known. */
  taskId?: string;
  /** The instanceId of the logical create. */
  instanceId?: string;
} & EventDetails;

/** What the core tells of, by `type`. */
export type CoreEventDetails =
  /** A logical create begins, or an unresolved one is gone on with. */
  | {
      type: "launching";
      /** Why. */
      reason: LaunchReason;
    }
  /** A call did not bring what it should, and is made again; without `waitMs` no further attempt is left. */
  | ({
      type: "retrying";
      /** The call. */
      call: Call;
      /** What went wrong. */
      reason: RetryReason;
      /** The wait before the next attempt, in ms. */
      waitMs?: number;
      /** How many attempts failed in a row. */
      attempt: number;
      /** The domain that was asked. */
      domain?: string;
    } & ServiceReply)
  /** A Create was answered with a taskId. */
  | { type: "created" }
  /** A Query said that the task runs. */
  | {
      type: "confirmed";
      /** Since the logical create began, in ms. */
      tookMs: number;
    }
  /** The running task may be gone. */
  | ({
      type: "suspect";
      /** Why. */
      reason: SuspectReason;
    } & ServiceReply)
  /** The suspicion was wrong: it runs. */
  | { type: "recovered" }
  /** The task ended. */
  | ({
      type: "ended";
      /** How. */
      reason: EndReason;
    } & ServiceReply)
  /** The lane moves to another output uid. */
  | {
      type: "uidSwitched";
      /** The uid of the launch before. */
      from: Uid;
      /** The uid of the launch that begins. */
      to: Uid;
      /** Why. */
      reason: LaunchReason;
    }
  /** No uid can be launched under: a task may live under each. */
  | {
      type: "noFreeUid";
      /** The wait before the next attempt, in ms. */
      waitMs: number;
    }
  /** A replacement runs. */
  | {
      type: "relaunched";
      /** The uid of the task that ran before. */
      previousUid: Uid;
      /** That task. */
      previousTaskId?: string;
      /**
       * Since the old one was last seen running, by a Query, until the new one was, in ms. The old one may have lived
       * on for up to `monitorIntervalMs` of it.
       */
      downtimeMs: number;
    }
  /** Another domain is asked from now on. */
  | {
      type: "domainSwitched";
      /** The domain asked until now. */
      from: string;
      /** The domain asked from now on. */
      to: string;
    }
  /** The service says that the task runs already, or its uid is in the channel, but nobody says which task it is. */
  | { type: "taskIdUnknown" }
  /** A task's id was learnt in another way than from the answer to its Create. */
  | {
      type: "taskIdLearned";
      /** How. */
      by: LearnedBy;
    }
  /**
   * The service refused a call: an operator must look. On Query and Delete monitoring goes on; on Acquire and Create
   * launching does, later and later, once a task of this lane has run.
   */
  | ({
      type: "callRejected";
      /** The call. */
      call: Call;
    } & ServiceReply)
  /** An update was taken. */
  | {
      type: "updated";
      /** Its number. */
      sequenceId: number;
    }
  /** A task that was not wanted (any more) is gone. */
  | { type: "removed" }
  /** A task may live on, and be billed, and could not be ended. */
  | {
      type: "orphaned";
      /** Why. */
      reason: OrphanedReason;
    }
  /**
   * The output that viewers should watch changed (groups only; the event's lane is the new one, or the old one when
   * none is left).
   */
  | {
      type: "onAir";
      /** The lane watched until now. */
      fromLane?: string;
      /** The lane to watch from now on. */
      toLane?: string;
      /** The uid watched until now. */
      fromUid?: Uid;
      /** The uid to watch from now on. */
      toUid?: Uid;
      /** The channel of the uid watched until now: lanes in several channels may have the same uids. */
      fromChannel?: string;
      /** The channel of the uid to watch from now on. */
      toChannel?: string;
    }
  /** `stop()` was called: what lives is being ended. */
  | { type: "stopping" }
  /** Nothing of this lane lives any more, as far as is known. */
  | { type: "stopped" }
  /** The lane has given up. */
  | {
      type: "failed";
      /** Why. */
      reason: FailReason;
    }
  /**
   * It was restored from a snapshot of one that had ended: nothing is launched. What is to run again is begun anew,
   * with an instanceId of its own.
   */
  | {
      type: "alreadyEnded";
      /** How it had ended. */
      outcome: Outcome;
    };

/** What the service said with an answer, for the operator: support asks for the ids. Nothing decides by it. */
export interface ServiceReply {
  /** The HTTP status. */
  status?: number;
  /** `code` of the body. */
  code?: number;
  /** `message` of the body, or of the transcoder's status in it: redacted, on one line, cut to 300 characters. */
  message?: string;
  /** `details` of the transcoder's status, such as `OnSlaveServiceStopped`: redacted and cut as `message` is. */
  details?: string;
  /** Why the task stopped, by the notification that said so: redacted and cut as `message` is. */
  stopReason?: string;
  /** `X-Request-ID`. */
  requestId?: string;
  /** `X-Resource-ID`. */
  resourceId?: string;
}

/**
 * A call: those of the service's REST interface for a task, one that asks who is in the output channel, and the
 * application's own callback for an RTC token.
 */
export type Call =
  /** `POST /builderTokens`: asks for the token that a Create needs. */
  | "acquire"
  /** `POST /tasks`: starts a task. */
  | "create"
  /** `GET /tasks/{taskId}`: asks how a task is. */
  | "query"
  /** `PATCH /tasks/{taskId}`: changes a running task. */
  | "update"
  /** `DELETE /tasks/{taskId}`: ends a task. */
  | "delete"
  /** `GET /dev/v1/channel/user/{appId}/{channel}/hosts_only`: asks who is in the output channel. */
  | "presence"
  /** The application's own `rtcToken` callback: no call of the service. */
  | "rtcToken";

/** Why a call is made again. */
export type RetryReason =
  /** 206: the outcome is unknown. */
  | "timedOut"
  /** Code 65: the outcome is unknown. */
  | "notCompleted"
  /** 50x. */
  | "serverError"
  /** 202: accepted, not done yet. */
  | "accepted"
  /** Query or Update 404. */
  | "notFound"
  /** Query or Delete 40x: it says nothing about the task. */
  | "refused"
  /** 429. */
  | "rateLimited"
  /** The name could not be resolved. */
  | "dns"
  /** No connection. */
  | "unreachable"
  /** No answer in time, or none for a reason that is not known. */
  | "noAnswer"
  /** The reply's body was not what the service documents (no taskId, not JSON, cut off). */
  | "malformed"
  /** The call was not sent: its time had passed, or it was not wanted any more. */
  | "notSent"
  /** The call was not sent: `persist` did not keep its snapshot, or not in time. */
  | "notPersisted"
  /** The `rtcToken` callback failed. */
  | "tokenFailed";

/** Why a launch begins. */
export type LaunchReason =
  /** The first one. */
  | "start"
  /** The Acquire before it got nowhere. */
  | "acquireSpent"
  /** The Create before it got nowhere: its outcome is unknown. */
  | "createSpent"
  /**
   * The launch before it was refused: after an unknown outcome, with a payload in whose place there is another, or
   * although tasks of this lane have run.
   */
  | "createRefused"
  /** The task did not run in time. */
  | "didNotStart"
  /** The task ended. */
  | "ended"
  /** The service says that the task is not there. */
  | "notFound"
  /** The task exited unexpectedly, or stopped running. */
  | "abnormal"
  /** The task runs, but could not be identified in time. */
  | "taskIdUnknown"
  /** Nobody publishes the uid any more. */
  | "absent"
  /** There is a new payload, which the running task cannot take. */
  | "updated";

/** Why a running task may be gone. */
export type SuspectReason =
  /** Query says 404. */
  | "notFound"
  /** Query says that it exited unexpectedly. */
  | "abnormal"
  /** Query says that it does not run (any more, or again). */
  | "notRunning"
  /** Its uid is not in the channel. */
  | "absent";

/** How a task ended. */
export type EndReason =
  /** By itself (idle), or somebody stopped it. */
  | "normal"
  /** Abnormally. */
  | "failed"
  /** It is not there any more; how it ended is not known. */
  | "notFound"
  /** Its uid is not in the channel any more. */
  | "absent";

/** How a task's id was learnt. */
export type LearnedBy =
  /** A notification named our instanceId. */
  | "notification"
  /** The reply to its Create came after its time-out. */
  | "lateReply"
  /** The reply to a Create whose launch had a task already. */
  | "reply";

/** Why a task was left behind. */
export type OrphanedReason =
  /** Delete did not succeed; it is tried again from time to time while the lane lives. */
  | "deleteFailed"
  /** A Create may have started it, but nobody ever named it. */
  | "taskIdUnknown";

/** Why a lane gave up. */
export type FailReason =
  /** The service refused the parameters. */
  | "wrongParameters"
  /** The service refused the credentials, or is not enabled. */
  | "wrongCredentials"
  /** Under each uid of the ring a task may live that nobody can name, and looks into the channel are switched off. */
  | "noFreeUid"
  /** The task ended, and the restart policy says to leave it at that. */
  | "notRestarted";

/** How it ended. */
export type Outcome =
  /** `stop()` was called, and has been carried out. */
  | { type: "stopped" }
  /** The task ended, and the restart policy says to leave it at that. */
  | { type: "ended" }
  /** It cannot go on. */
  | {
      type: "failed";
      /** Why. */
      reason: FailReason;
    };

/** How a group is, for people. */
export interface GroupStatus {
  /** What viewers should watch. */
  onAir: OnAir | null;
  /** The lanes, the primary first. */
  lanes: LaneStatus[];
}

/** The output that viewers should watch. */
export interface OnAir {
  /** The lane's name. */
  lane: string;
  /** Its channel. */
  channel: string;
  /** Its output uid. */
  uid: Uid;
}

/** How a lane is. */
export interface LaneStatus {
  /** Its name; of a supervisor `main`. */
  name: string;
  /** What it does. */
  state: LaneState;
  /** The number of its last launch. A second task of a launch, once it is found, has a number of its own. */
  generation: number;
  /** Its output uids, the primary first. */
  uids: Uid[];
  /** The current output uid. */
  uid: Uid | null;
  /** The current task. */
  taskId: string | null;
  /** When a Query last said that the current task runs, in ms since the epoch. */
  lastConfirmedAt: number | null;
  /** The last event of trouble: `suspect`, `ended` or `callRejected`, with what the service said. */
  lastProblem?: SteadymixEvent;
  /** Every task that lives, or may live, as far as this lane knows. */
  tasks: KnownTask[];
}

/** What a lane does. */
export type LaneState =
  /** A task is being made. */
  | "launching"
  /** The service has taken the task; no Query has found it running yet. */
  | "confirming"
  /** A Query found the task running. */
  | "running"
  /** The task ran, and the last answers speak against it. */
  | "suspect"
  /** A task runs, and it is not known which. */
  | "taskIdUnknown"
  /** Nothing runs; the next launch, or the outcome of the last one, is waited for. */
  | "waiting"
  /** Tasks are being ended. */
  | "stopping"
  /** It is over: stopped, or ended by itself. */
  | "stopped"
  /** It is over: it gave up. */
  | "failed";

/** A task that lives, or may live. */
export interface KnownTask {
  /** The launch that made it. */
  generation: number;
  /** Its output uid. */
  uid: Uid;
  /** The instanceId of its Acquire. */
  instanceId: string;
  /** Its id, where it is known. */
  taskId: string | null;
  /** What is done about it. */
  standing: Standing;
}

/** What is done about a task. */
export type Standing =
  /** It is the one that is launched, confirmed, or monitored. */
  | "adopted"
  /** Its Create has an unknown outcome: it is found, or watched until it is surely not there. */
  | "unresolved"
  /** It is kept until its replacement runs, or being ended. */
  | "stopping"
  /** It could not be ended; that is tried again from time to time. */
  | "orphaned";

/** What becomes of a new payload in one lane. */
export interface LaneUpdate {
  /** The lane's name; of a supervisor `main`. */
  lane: string;
  /** Which way it goes. */
  via: Via;
}

/** Which way a new payload goes. */
export type Via =
  /** The running task is updated. (One that is being launched is, once it runs.) */
  | "update"
  /**
   * A new task under another uid has it, and takes the place of the running one: what the service can change in a
   * running task is `rtc` members of `audioInputs` and `videoInputs`, `region` of a video input, `audioOption` and
   * `videoOption`.
   */
  | "relaunch"
  /** Nothing runs: the next task is launched with it. */
  | "launch"
  /** It is the one that the lane has. */
  | "nothing";

/** What one answer of one call means. */
export type Meaning =
  /** Carried out: a builder token, a task that is to be confirmed, an update taken, or a task ended. */
  | { type: "success" }
  /** Create 201 or 409: a task of this instanceId runs already. Find it; do not make another one on its uid. */
  | { type: "alreadyStarted" }
  /** 202: accepted, not done yet. Query before going on. */
  | { type: "accepted" }
  /** Query 200: how the task is. */
  | {
      type: "task";
      /** Its state. */
      task: TaskState;
    }
  /** 206: the backend's answer timed out, the outcome is unknown. */
  | { type: "timedOut" }
  /** Code 65: "request not completed", the outcome is unknown, and the same parameters are to be sent again. */
  | { type: "notCompleted" }
  /** 50x, or an answer outside of HTTP's sense here (1xx, 3xx): the outcome is unknown. */
  | { type: "serverError" }
  /** Query or Update 404: not there (yet, or any more). */
  | { type: "notFound" }
  /** Delete 404: already gone, a success. */
  | { type: "alreadyGone" }
  /** 40x: the parameters are wrong. On Query and Delete it says nothing about the task. */
  | { type: "wrongParameters" }
  /** 401, 403: wrong credentials, or the service is not enabled. */
  | { type: "wrongCredentials" }
  /** 429: over the rate limit. It says nothing about the task. */
  | { type: "rateLimited" }
  /** DNS failure, no connection, or time-out: the outcome is unknown. */
  | { type: "noAnswer" };

/** How a task is, as a Query tells it. */
export type TaskState =
  /** On its way up: neither running nor ended. */
  | "starting"
  /** Task status 4 or 5: it runs. */
  | "running"
  /** The transcoder exited unexpectedly while the task is kept: the service may migrate it within about 90 s. */
  | "abnormal"
  /** On its way down: neither running nor ended. */
  | "stopping"
  /** Ended normally (statuses 7 and 8): idle, or stopped by somebody. */
  | "ended"
  /** Ended abnormally (status 9). */
  | "failed"
  /** The service refused the task's parameters. */
  | "refused"
  /** A status that nobody has heard of, or none: neither running nor ended. */
  | "unknown";

/** How a call to a domain failed. */
export type DomainFailure =
  /** The name could not be resolved: the alternate name may help. */
  | "dns"
  /** The name was resolved, but no answer came: the alternate name leads to the same place, so it is skipped. */
  | "unreachable"
  /** No answer, and the runtime does not say why (browsers and Workers never do). */
  | "unknown"
  /** The domain answered with a 5xx. Three in a row count as unreachable. */
  | "serverError";

/** A call that needs a permit of the rate limit, in the order of importance. */
export type LimitedCall =
  /** Ends a task. */
  | "delete"
  /** An Acquire together with its Create, which must follow within 2 s: that one's permit is reserved at once. */
  | "acquireAndCreate"
  /** A Create made again. */
  | "create"
  /** Changes a task. */
  | "update"
  /** Asks how a task is. */
  | "query";

/** A plan whose need of quota is estimated. */
export interface QuotaEstimateOptions {
  /** Tasks at the same time, by the size of their outputs: 1 or more. A number is that of HD outputs. */
  tasks: number | { SD?: number; HD?: number; FHD?: number };
  /**
   * How often each is asked for. From 1000 to 86400000. Default 120000.
   * @minimum 1000
   * @maximum 86400000
   */
  pollIntervalMs?: number;
  /** Default `north-america`. */
  area?: Area;
  /** Limits that differ from the area's documented ones; `pcw` is that of each size. */
  quota?: Quota;
}

/** What a plan needs of an App ID's quota. */
export interface QuotaEstimate {
  /** Calls a second for monitoring alone. */
  queriesPerSecond: number;
  /**
   * How many seconds it takes to launch all tasks one after the other, as the limits allow: Acquire, Create and the
   * first Query of each.
   */
  launchAllSeconds: number;
  /** The most tasks that these limits carry at this interval. */
  maxTasks: number;
  /** Whether the plan fits. */
  fits: boolean;
  /** One sentence that says why it fits or does not, and what to change. */
  verdict: string;
}

/** What a notification says. */
export type ServiceNotification = {
  /** Names this notification. */
  noticeId: string | null;
  /** The task it is about. */
  taskId: string;
  /** The instanceId of the create that made it, if the service names it. */
  instanceId: string | null;
  /** Its place among the notifications of its task. */
  sequence: number | null;
  /** When it was made, in ms since the epoch. (When it was sent changes with every resend, and is left out.) */
  sentAt: number | null;
} & NotificationDetails;

/** What happened to the task. */
export type NotificationDetails =
  /** 110: it started. */
  | { event: "started" }
  /** 111: it stopped. */
  | {
      event: "stopped";
      /** Why, as the service says. */
      reason: string | null;
    }
  /** 112: its state. */
  | {
      event: "status";
      /** `connecting`, `running`, `failed`, or anything else, as it came. */
      state: string | null;
    }
  /** 113: it was updated. */
  | { event: "updated" }
  /** Anything else. */
  | {
      event: "other";
      /** `eventType`. */
      eventType: number;
    };
