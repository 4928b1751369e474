// Generated from the documents of the Rust core: STEADYMIX_GENERATE=1 cargo test typescript
/** The inputs and outputs of the core. All times and durations are in ms unless a name says otherwise. */
import type { EventDetails } from "./types.js";

/**
 * An RTC user id: 1 to 4294967295 for an output.
 * @minimum 1
 * @maximum 4294967295
 */
export type Uid = number;

/** The payload of a task: `services` of Acquire, Create and Update. Unknown fields pass through unchanged. */
export interface Services {
  /** The transcoding service and its settings. */
  cloudTranscoder: CloudTranscoder;
  [field: string]: unknown;
}

/** `services.cloudTranscoder`. */
export interface CloudTranscoder {
  /** The type of the service. */
  serviceType: "cloudTranscoderV2";
  /** Its settings. */
  config: CloudTranscoderConfig;
  [field: string]: unknown;
}

/** `services.cloudTranscoder.config`. */
export interface CloudTranscoderConfig {
  /** The inputs, the layout and the outputs. */
  transcoder: Transcoder;
  [field: string]: unknown;
}

/** `services.cloudTranscoder.config.transcoder`. */
export interface Transcoder {
  /**
   * The task ends when all hosts have been absent for this long: 1 to 86400 s, default 300 s.
   * @minimum 1
   * @maximum 86400
   */
  idleTimeout?: number;
  /** How inputs are processed. Default `mix`; the other modes accept at most one input. */
  streamProcessMode?: "mix" | "single" | "heterogeneous-single";
  /** The audio inputs. The lists of audio and video inputs have at least one input together, all from one channel. */
  audioInputs?: Input[] | null;
  /** The video inputs. */
  videoInputs?: Input[] | null;
  /** The canvas for the videos: required when videos are mixed. */
  canvas?: Canvas | null;
  /** Pictures drawn over the videos. */
  waterMarks?: WaterMark[] | null;
  /**
   * The outputs. A supervised task has one output into an RTC channel; its uid and token are filled in for each launch.
   * @minItems 1
   */
  outputs: Output[];
  [field: string]: unknown;
}

/** An item of `audioInputs` or `videoInputs`: either `rtc`, a host's stream, or `streamUrl`, a media file or stream. */
export interface Input {
  /** A host's stream; for audio, uid 0 means all hosts. */
  rtc?: Rtc;
  /** The address of a media file or stream. */
  streamUrl?: string;
  /**
   * The volume: 0 to 200.
   * @minimum 0
   * @maximum 200
   */
  volume?: number;
  /** How many times `streamUrl` is played; not 0. */
  repeat?: number;
  /** The address of a jpg or png to show while there is no video. */
  placeholderImageUrl?: string | null;
  /** The region of a video on the canvas: required, with its zOrder, when videos are mixed. */
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
   * The host's uid; for audio inputs, 0 means all hosts. For an output it may be left out if a supervisor fills it in.
   * @minimum 0
   * @maximum 4294967295
   */
  rtcUid?: number;
  /**
   * The RTC token: an input's is issued for uid 0, an output's for its own uid. In a project without an App Certificate
   * it is the App ID.
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
   * 120 to 3840 pixels; 1 to 3840 for a watermark.
   * @minimum 1
   * @maximum 3840
   */
  width: number;
  /**
   * 120 to 3840 pixels; 1 to 3840 for a watermark.
   * @minimum 1
   * @maximum 3840
   */
  height: number;
  /**
   * The layer: 0 to 100, higher layers in front. Required for a video, for which the newest reference allows only 2 to
   * 100.
   * @minimum 0
   * @maximum 100
   */
  zOrder?: number;
  [field: string]: unknown;
}

/** The canvas for the videos. */
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
   * The color `0xRRGGBB`, 0 to 16777215: required when videos are mixed.
   * @minimum 0
   * @maximum 16777215
   */
  color?: number;
  /** The address of a jpg or png. */
  backgroundImage?: string | null;
  /** How `backgroundImage` fits the canvas. */
  fillMode?: "FILL" | "FIT";
  [field: string]: unknown;
}

/** A picture drawn over the videos. */
export interface WaterMark {
  /** The address of a jpg or png. */
  imageUrl: string;
  /** Its region on the canvas. */
  region: Region;
  /** How the picture fits its region. */
  fillMode?: "FILL" | "FIT";
  [field: string]: unknown;
}

/** Either `rtc` or `streamUrl`. */
export interface Output {
  /** A stream in an RTC channel; all outputs of a task use the same channel. */
  rtc?: Rtc;
  /** A CDN URL. */
  streamUrl?: string;
  /** How the audio is encoded. */
  audioOption?: AudioOption;
  /** How the video is encoded: required for at least one output when videos are mixed. */
  videoOption?: VideoOption;
  [field: string]: unknown;
}

/** How the audio is encoded. */
export interface AudioOption {
  /** The audio profile of the SDK. */
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
   * The bitrate: 1 to 10000 kbit/s.
   * @minimum 1
   * @maximum 10000
   */
  bitrate?: number;
  /** The codec; required unless `mode` is `RAW`. `H265` only for CDN outputs. */
  codec?: "H264" | "VP8" | "H265";
  /**
   * 1 to 30 frames per second, default 15.
   * @minimum 1
   * @maximum 30
   */
  fps?: number;
  /** `RAW` passes a single input on without encoding. */
  mode?: "RAW";
  [field: string]: unknown;
}

/** An invalid value. */
export interface Violation {
  /**
   * The path of the field, as the user wrote it: `options.policy.confirmDelaysMs[0]`; for a payload it starts with
   * `services`.
   */
  field: string;
  /** The value that was found. */
  value: string;
  /** The allowed values, with units. */
  allowed: string;
}

/** A value that is allowed, but probably not intended. */
export interface TaskWarning {
  /** The path of the field. */
  field: string;
  /** The possible consequence. */
  message: string;
}

/** The area of the broadcast, which determines the nearest domains. */
export type Area =
  /** Mainland China. */
  | "china"
  /** North America. */
  | "north-america"
  /** Europe. */
  | "europe"
  /** Asia Pacific, without mainland China. */
  | "asia-pacific";

/** When an ended task is relaunched. */
export type Restart =
  /** Unless it ended normally: it went idle, or another client deleted it. */
  | "on-failure"
  /** However it ended. */
  | "always"
  /** Never. A task that has stopped running gets `migrationGraceMs` to recover, and is then deleted. */
  | "never";

/** What to do when the service reports that a task exited unexpectedly: it may migrate the task within about 90 s. */
export type Migration =
  /** Launch under another uid at once. */
  | "relaunch"
  /** Wait for the migration, up to `migrationGraceMs`. */
  | "wait";

/** What to do with a new payload that an Update cannot give to a running task. */
export type Rollout =
  /**
   * Launch a new task with it under another uid, and delete the old one once the new one runs: one lane after the
   * other.
   */
  | "relaunch"
  /** Refuse the payload. */
  | "refuse";

/** When to check presence in the output channel. */
export type Presence =
  /** Only while a create's outcome is unknown. */
  | "when-unknown"
  /** Also while a task runs, as a second source. */
  | "always"
  /** Never. */
  | "never";

/** Which output is on air. */
export type OnAirPolicy =
  /** The output on air stays there while it runs. */
  | "sticky"
  /** The primary, whenever it runs. */
  | "prefer-primary";

/**
 * All backoff schedules and timeouts. The defaults are the service's documented ones, or this project's where it
 * documents none. A list holds the delays before further attempts.
 */
export interface RetrySchedules {
  /**
   * Retries of Acquire, Create or Update after 206. From 100 to 3600000. Default 3000, 6000, 9000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  createTimedOutDelaysMs: number[];
  /**
   * Retries of Acquire, Create or Update after 50x. From 100 to 3600000. Default 3000, 6000, 9000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  createServerErrorDelaysMs: number[];
  /**
   * Retries of Acquire, Create or Update after code 65, also in a 40x. From 100 to 3600000. Default 3000, 6000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  createNotCompletedDelaysMs: number[];
  /**
   * Retries of Query after 404; once exhausted, the task is considered gone. From 100 to 3600000. Default 5000, 10000,
   * 15000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  queryNotFoundDelaysMs: number[];
  /**
   * Retries of Query after 50x or 206; the last delay repeats, because these answers never prove that the task ended.
   * From 100 to 3600000. Default 5000, 10000, 15000, 30000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  queryServerErrorDelaysMs: number[];
  /**
   * Retries of Query after 40x; once exhausted, the refusal is reported and monitoring continues. From 100 to 3600000.
   * Default 5000, 10000, 15000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  queryRefusedDelaysMs: number[];
  /**
   * Retries of Delete after 50x, 206 or 40x; once exhausted, the task is orphaned. From 100 to 3600000. Default 5000,
   * 10000, 15000, 30000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  deleteDelaysMs: number[];
  /**
   * Retries of any call without an answer, each on the domain whose turn it is. From 100 to 3600000. Default 1000,
   * 3000, 6000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  noAnswerDelaysMs: number[];
  /**
   * Retries after 429 without `Retry-After`; the last delay repeats, and no attempt is used up. From 100 to 3600000.
   * Default 1000, 2000, 5000, 10000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  rateLimitedDelaysMs: number[];
  /**
   * Delays between Queries of a new task, the first after its taskId is known; the last repeats; each is shorter than
   * `idleTimeout`. From 100 to 3600000. Default 5000, 5000, 5000, 10000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  confirmDelaysMs: number[];
  /**
   * A task that does not run this long after its taskId is known has not started. From 1000 to 3600000. Default 90000.
   * @minimum 1000
   * @maximum 3600000
   */
  confirmTimeoutMs: number;
  /**
   * The interval between Queries of a running task. From 1000 to 3600000. Default 120000.
   * @minimum 1000
   * @maximum 3600000
   */
  monitorIntervalMs: number;
  /**
   * Delays before relaunches; the last repeats. 0, or from 500 to 3600000. Default 0, 5000, 15000, 30000, 60000,
   * 120000, 300000.
   * @minItems 1
   * @maxItems 20
   * @minimum 500
   * @maximum 3600000
   * @also 0
   */
  relaunchDelaysMs: number[];
  /**
   * After a task has run this long, the relaunch delays start again. 0, or from 10000 to 86400000. Default 600000.
   * @minimum 10000
   * @maximum 86400000
   * @also 0
   */
  relaunchResetAfterMs: number;
  /**
   * How long the service may take to migrate a failed task (`migration: "wait"`). Also how long a running task is
   * queried every 10 s after a notification that it stopped or failed. From 1000 to 3600000. Default 90000.
   * @minimum 1000
   * @maximum 3600000
   */
  migrationGraceMs: number;
  /**
   * A running task whose id is not learned within this time is replaced; `null`: never. From 1000 to 3600000. Default
   * 90000.
   * @minimum 1000
   * @maximum 3600000
   */
  taskIdUnknownGraceMs: number | null;
  /**
   * Delays between presence checks for an unresolved create; the last repeats. From 100 to 3600000. Default 10000,
   * 10000, 10000, 15000, 30000, 60000.
   * @minItems 1
   * @maxItems 20
   * @minimum 100
   * @maximum 3600000
   */
  presenceDelaysMs: number[];
  /**
   * This many consecutive presence checks without a uid prove that its task is gone, in addition to those during
   * `migrationGraceMs`, in which the service may be migrating it. From 1 to 20. Default 3.
   * @minimum 1
   * @maximum 20
   */
  presenceAbsences: number;
  /**
   * How long `stop()` waits for a task that cannot be deleted or found. A task with a known id is not given up before
   * Delete has failed, even after this time. 0, or from 1000 to 3600000. Default 300000.
   * @minimum 1000
   * @maximum 3600000
   * @also 0
   */
  stopTimeoutMs: number;
  /**
   * The timeout of each attempt. From 1000 to 120000. Default 10000.
   * @minimum 1000
   * @maximum 120000
   */
  requestTimeoutMs: number;
  /**
   * The minimum time between Queries that `checkNow()` or notifications bring forward. From 1000 to 3600000. Default
   * 5000.
   * @minimum 1000
   * @maximum 3600000
   */
  checkNowIntervalMs: number;
  /**
   * The maximum `Retry-After`: longer ones are reduced to it. Dates are relative to the reply's own `Date`, if it has
   * one. 0, or from 1000 to 3600000. Default 300000.
   * @minimum 1000
   * @maximum 3600000
   * @also 0
   */
  maxRetryAfterMs: number;
  /**
   * The maximum jitter, in percent of a delay. It keeps many processes from calling at the same moment. From 0 to 100.
   * Default 0.
   * @minimum 0
   * @maximum 100
   */
  jitterPercent: number;
}

/** Limits of an App ID that differ from the documented ones: Agora's support can raise them. */
export interface Quota {
  /**
   * Sustained calls per second: 1 to 10000. The default is 8, because services are known to refuse calls before their
   * nominal 10. With a `pcw` below 80 the default is a tenth of it, but at least 1: the service allows no more
   * requests, and does not document whether that includes Query. With `burst` added, the maximum in any second.
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
   * Peak concurrent tasks of the largest output size in use: 1 to 1000000. The default is the limit of a new project:
   * in North America and Europe 10 SD (up to 640×360 pixels), 5 HD (1280×720) or 2 FHD (1920×1080); in Asia Pacific 20,
   * 10 or 3; in mainland China 20, 10 or 5. At most a tenth of it may be created per second.
   * @minimum 1
   * @maximum 1000000
   */
  pcw?: number;
}

/** The settings that supervisors and groups have in common. */
export interface CommonOptions {
  /** The App ID of the project. */
  appId: string;
  /** The prefix of all instanceIds: 1 to 53 (in a group 50) of `A-Z a-z 0-9 - _`. */
  instanceId: string;
  /** The payload: `services` of Acquire and Create. */
  services: Services;
  /** The area whose domains are called. Default `north-america`. */
  area?: Area;
  /** The region of the broadcast; its neighbour is called when the area's other domains fail. */
  region?: string;
  /**
   * How long after leaving the primary domain it is tried again, in ms. From 1000 to 86400000. Default 600000.
   * @minimum 1000
   * @maximum 86400000
   */
  domainCooldownMs?: number;
  /** Overrides of the default retry schedules. */
  policy?: Partial<RetrySchedules>;
  /** Overrides of the documented limits. */
  quota?: Quota;
  /** When an ended task is relaunched. Default `on-failure`. */
  restart?: Restart;
  /** What to do when the service reports that a task exited unexpectedly. Default `relaunch`. */
  migration?: Migration;
  /** What to do with a new payload that an Update cannot give to a running task. Default `relaunch`. */
  rollout?: Rollout;
  /** When to check presence in the output channel. Default `when-unknown`. */
  presence?: Presence;
  /**
   * The seed of the jitter. Default 0.
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
   * The lane's name: 1 to 32 characters.
   * @minLength 1
   * @maxLength 32
   */
  name: string;
  /**
   * Two or more output uids, not used by another lane of the same output channel.
   * @minItems 2
   */
  uids: Uid[];
  /** The lane's own payload. An update for all lanes replaces it, but keeps its output channel. */
  services?: Services;
}

/** Settings of a group. */
export interface GroupOptions extends CommonOptions {
  /**
   * The lanes, the primary first.
   * @minItems 1
   * @maxItems 99
   */
  lanes: LaneOptions[];
  /** Which output is on air. Default `sticky`. */
  onAirPolicy?: OnAirPolicy;
  /**
   * How long a backup that runs first waits for the primary before it goes on air, in ms. Without this delay, viewers
   * might have to switch twice within a moment. 0, or from 500 to 60000. Default 5000.
   * @minimum 500
   * @maximum 60000
   * @also 0
   */
  startGraceMs?: number;
}

/** An event of a lane. Carries no credentials and no tokens. */
export type SteadymixEvent = {
  /** When, in ms since the epoch, by the caller's clock. */
  at: number;
  /** The lane's name; `main` for a single supervisor. */
  lane: string;
  /** The generation of the launch. */
  generation?: number;
  /** The output uid. */
  uid?: Uid;
  /** The task's id, if known. */
  taskId?: string;
  /** The instanceId of the logical create. */
  instanceId?: string;
} & EventDetails;

/** What happened, by `type`. */
export type CoreEventDetails =
  /** A logical create starts, or an unresolved one is resumed. */
  | {
      type: "launching";
      /** The reason. */
      reason: LaunchReason;
    }
  /** A call failed and is retried. Without `waitMs`, the backoff schedule is exhausted. */
  | ({
      type: "retrying";
      /** The call. */
      call: Call;
      /** The failure. */
      reason: RetryReason;
      /** The delay before the next attempt, in ms. */
      waitMs?: number;
      /** The number of consecutive failures. */
      attempt: number;
      /** The domain that was called. */
      domain?: string;
    } & ServiceReply)
  /** A Create was answered with a taskId. */
  | { type: "created" }
  /** A Query found the task running. */
  | {
      type: "confirmed";
      /** The time since the logical create started, in ms. */
      tookMs: number;
    }
  /** The running task may be gone. */
  | ({
      type: "suspect";
      /** The reason. */
      reason: SuspectReason;
    } & ServiceReply)
  /** The suspicion was wrong: the task runs. */
  | { type: "recovered" }
  /** The task ended. */
  | ({
      type: "ended";
      /** The reason. */
      reason: EndReason;
    } & ServiceReply)
  /** The lane moves to another output uid. */
  | {
      type: "uidSwitched";
      /** The uid of the previous launch. */
      from: Uid;
      /** The uid of the new launch. */
      to: Uid;
      /** The reason. */
      reason: LaunchReason;
    }
  /** No uid is free: each may have a live task. */
  | {
      type: "noFreeUid";
      /** The delay before the next attempt, in ms. */
      waitMs: number;
    }
  /** A replacement runs. */
  | {
      type: "relaunched";
      /** The uid of the task that ran before. */
      previousUid: Uid;
      /** That task's id. */
      previousTaskId?: string;
      /**
       * The time from the last Query that found the old task running to the first one that found the new task running,
       * in ms. The old task may have run for up to `monitorIntervalMs` of it.
       */
      downtimeMs: number;
    }
  /** Calls go to another domain. */
  | {
      type: "domainSwitched";
      /** The previous domain. */
      from: string;
      /** The new domain. */
      to: string;
    }
  /** The task runs (409, or its uid is in the channel), but its id is unknown. */
  | { type: "taskIdUnknown" }
  /** A task's id was learned, though not from the awaited answer to its Create. */
  | {
      type: "taskIdLearned";
      /** How it was learned. */
      by: LearnedBy;
    }
  /**
   * The service refused a call: an operator must act. After a refused Query or Delete, monitoring continues. After a
   * refused Acquire or Create, launching continues with growing delays if a task of this lane has run before.
   */
  | ({
      type: "callRejected";
      /** The call. */
      call: Call;
    } & ServiceReply)
  /** An Update was accepted. */
  | {
      type: "updated";
      /** Its sequence number. */
      sequenceId: number;
    }
  /** A task that was no longer wanted is gone. */
  | { type: "removed" }
  /** A task may still run and be billed, and could not be deleted. */
  | {
      type: "orphaned";
      /** The reason. */
      reason: OrphanedReason;
    }
  /**
   * The output that viewers should watch has changed (groups only). The event's lane is the new one, or the old one if
   * there is none.
   */
  | {
      type: "onAir";
      /** The previous lane. */
      fromLane?: string;
      /** The new lane. */
      toLane?: string;
      /** The previous uid. */
      fromUid?: Uid;
      /** The new uid. */
      toUid?: Uid;
      /** The channel of the previous uid: lanes in several channels may use the same uids. */
      fromChannel?: string;
      /** The channel of the new uid. */
      toChannel?: string;
    }
  /** `stop()` was called: all tasks are being deleted. */
  | { type: "stopping" }
  /** No task of this lane is left, as far as is known. */
  | { type: "stopped" }
  /** The lane has given up. */
  | {
      type: "failed";
      /** The reason. */
      reason: FailReason;
    }
  /**
   * The snapshot belongs to a lane that had already ended: nothing is launched. To broadcast again, start a new
   * supervisor or group with another instanceId.
   */
  | {
      type: "alreadyEnded";
      /** How it had ended. */
      outcome: Outcome;
    };

/** Details of the service's reply, for operators and for the service's support. No decision depends on them. */
export interface ServiceReply {
  /** The HTTP status. */
  status?: number;
  /** `code` of the body. */
  code?: number;
  /** `message` of the body, or of the transcoder's status in it: redacted, on one line, at most 300 characters. */
  message?: string;
  /** `details` of the transcoder's status, such as `OnSlaveServiceStopped`: redacted and limited like `message`. */
  details?: string;
  /** The stop reason from a notification: redacted and limited like `message`. */
  stopReason?: string;
  /** `X-Request-ID`. */
  requestId?: string;
  /** `X-Resource-ID`. */
  resourceId?: string;
}

/**
 * A call: to the service's REST interface for tasks, to its list of broadcasters in a channel, or to the application's
 * callback for RTC tokens.
 */
export type Call =
  /** `POST /builderTokens`: asks for the token that a Create needs. */
  | "acquire"
  /** `POST /tasks`: starts a task. */
  | "create"
  /** `GET /tasks/{taskId}`: asks for the status of a task. */
  | "query"
  /** `PATCH /tasks/{taskId}`: changes a running task. */
  | "update"
  /** `DELETE /tasks/{taskId}`: deletes a task. */
  | "delete"
  /** `GET /dev/v1/channel/user/{appId}/{channel}/hosts_only`: asks who is in the output channel. */
  | "presence"
  /** The application's `rtcToken` callback: not a call to the service. */
  | "rtcToken";

/** Why a call is retried. */
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
  /** Query or Delete 40x: says nothing about the task. */
  | "refused"
  /** 429. */
  | "rateLimited"
  /** The domain's name was not resolved. */
  | "dns"
  /** There was no connection. */
  | "unreachable"
  /** There was no answer in time, or none for an unknown reason. */
  | "noAnswer"
  /** The reply's body was not as documented (no taskId, not JSON, truncated). */
  | "malformed"
  /** The call was not sent: it was too late, or no longer needed. */
  | "notSent"
  /** The call was not sent: `persist` failed or timed out. */
  | "notPersisted"
  /** The `rtcToken` callback failed. */
  | "tokenFailed";

/** Why a launch starts. */
export type LaunchReason =
  /** The first launch. */
  | "start"
  /** The backoff schedule of the previous Acquire is exhausted. */
  | "acquireExhausted"
  /** The backoff schedule of the previous Create is exhausted: its outcome is unknown. */
  | "createExhausted"
  /**
   * The previous launch was refused: after an unknown outcome, with a payload that has been replaced, or although tasks
   * of this lane have run before.
   */
  | "createRefused"
  /** The task did not start in time. */
  | "didNotStart"
  /** The task ended. */
  | "ended"
  /** Query no longer knows the task. */
  | "notFound"
  /** The task exited unexpectedly, or stopped running. */
  | "abnormal"
  /** The task runs, but its id was not learned in time. */
  | "taskIdUnknown"
  /** The uid is no longer in the channel. */
  | "absent"
  /** There is a new payload that an Update cannot give to the running task. */
  | "updated";

/** Why a running task may be gone. */
export type SuspectReason =
  /** Query answers 404. */
  | "notFound"
  /** Query reports that the task exited unexpectedly. */
  | "abnormal"
  /** Query reports that the task does not run. */
  | "notRunning"
  /** The uid is not in the channel. */
  | "absent";

/** How a task ended. */
export type EndReason =
  /** It went idle, or was deleted by another client. */
  | "normal"
  /** It failed. */
  | "failed"
  /** It no longer exists; how it ended is unknown. */
  | "notFound"
  /** Its uid is no longer in the channel. */
  | "absent";

/** How a task's id was learned. */
export type LearnedBy =
  /** A notification carried the launch's instanceId. */
  | "notification"
  /** The reply to its Create arrived after the timeout. */
  | "lateReply"
  /** The reply to a Create whose launch already has another task. */
  | "reply";

/** Why a task is orphaned. */
export type OrphanedReason =
  /** Delete failed; it is retried from time to time while the lane exists. */
  | "deleteFailed"
  /** A Create may have started it, but its id was never learned. */
  | "taskIdUnknown";

/** Why a lane gave up. */
export type FailReason =
  /** The service refused the parameters. */
  | "wrongParameters"
  /** The service refused the credentials, or is not enabled for the project. */
  | "wrongCredentials"
  /** Each uid may have a live task without a known id, and presence checks are off or refused. */
  | "noFreeUid"
  /** The task ended, and the restart policy allows no relaunch. */
  | "notRestarted";

/** How a supervisor ended. */
export type Outcome =
  /** `stop()` was called and carried out. */
  | { type: "stopped" }
  /** The task ended, and the restart policy allows no relaunch. */
  | { type: "ended" }
  /** The lane gave up. */
  | {
      type: "failed";
      /** Why. */
      reason: FailReason;
    };

/** The status of a group, for operators. */
export interface GroupStatus {
  /** The output that viewers should watch. */
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

/** The status of a lane. */
export interface LaneStatus {
  /** The lane's name; `main` for a single supervisor. */
  name: string;
  /** The lane's state. */
  state: LaneState;
  /** The newest generation. A second task of a launch gets a generation of its own. */
  generation: number;
  /** The output uids, the primary first. */
  uids: Uid[];
  /** The current output uid. */
  uid: Uid | null;
  /** The current task. */
  taskId: string | null;
  /** When a Query last found the current task running, in ms since the epoch. */
  lastConfirmedAt: number | null;
  /** The last `suspect`, `ended` or `callRejected` event, with the service's reply. */
  lastProblem?: SteadymixEvent;
  /** All tasks that run or may run, as far as this lane knows. */
  tasks: KnownTask[];
}

/** The state of a lane. */
export type LaneState =
  /** A task is being created. */
  | "launching"
  /** The task's id is known; no Query has found it running yet. */
  | "confirming"
  /** A Query found the task running. */
  | "running"
  /** The task ran, but may be gone. */
  | "suspect"
  /** A task runs, but its id is unknown. */
  | "taskIdUnknown"
  /** No task runs; the next launch, or the outcome of the last one, is pending. */
  | "waiting"
  /** Tasks are being deleted. */
  | "stopping"
  /** The lane is over: stopped, or its task ended. */
  | "stopped"
  /** The lane is over: it gave up. */
  | "failed";

/** A task that runs or may run. */
export interface KnownTask {
  /** The generation of its launch. */
  generation: number;
  /** Its output uid. */
  uid: Uid;
  /** The instanceId of its Acquire. */
  instanceId: string;
  /** Its id, if known. */
  taskId: string | null;
  /** What the lane does about it. */
  standing: Standing;
}

/** What the lane does about a task. */
export type Standing =
  /** It is the current task: being confirmed, or running. */
  | "adopted"
  /** Its Create has an unknown outcome, which is being resolved. */
  | "unresolved"
  /** It is kept until its replacement runs, or is being deleted. */
  | "stopping"
  /** It could not be deleted; Delete is retried from time to time. */
  | "orphaned";

/** How one lane gets a new payload. */
export interface LaneUpdate {
  /** The lane's name; `main` for a single supervisor. */
  lane: string;
  /** How the lane gets the new payload. */
  via: Via;
}

/** How a lane gets a new payload. */
export type Via =
  /** The running task gets an Update; a task that is starting gets it once it runs. */
  | "update"
  /**
   * A new task under another uid replaces the running one. An Update can change only the `rtc` members of `audioInputs`
   * and `videoInputs`, the `region` of a video input, `audioOption` and `videoOption`.
   */
  | "relaunch"
  /** No task runs: the next one is created with this payload. */
  | "launch"
  /** The lane already has this payload. */
  | "nothing";

/** The meaning of an answer. */
export type Meaning =
  /** Success: a builder token, a created task that must be confirmed, an accepted Update, or a deleted task. */
  | { type: "success" }
  /** Create 201 or 409: a task of this instanceId already runs. Find it; do not create another one under its uid. */
  | { type: "alreadyStarted" }
  /** 202: accepted, not done yet. Query before the next step. */
  | { type: "accepted" }
  /** Query 200: the status of the task. */
  | {
      type: "task";
      /** Its state. */
      task: TaskState;
    }
  /** 206: the backend timed out, the outcome is unknown. */
  | { type: "timedOut" }
  /** Code 65: "request not completed", the outcome is unknown; send the same parameters again. */
  | { type: "notCompleted" }
  /** 50x, or a status without a meaning here (1xx, 3xx): the outcome is unknown. */
  | { type: "serverError" }
  /** Query or Update 404: no such task (yet, or any more). */
  | { type: "notFound" }
  /** Delete 404: already gone, a success. */
  | { type: "alreadyGone" }
  /** 40x: the parameters are wrong. After Query and Delete it says nothing about the task. */
  | { type: "wrongParameters" }
  /** 401, 403: wrong credentials, or the service is not enabled. */
  | { type: "wrongCredentials" }
  /** 429: over the rate limit. It says nothing about the task. */
  | { type: "rateLimited" }
  /** DNS failure, no connection or timeout: the outcome is unknown. */
  | { type: "noAnswer" };

/** The state of a task, according to a Query. */
export type TaskState =
  /** Starting: neither running nor ended. */
  | "starting"
  /** Task status 4 or 5: running. */
  | "running"
  /** The transcoder exited unexpectedly, but the task remains: the service may migrate it within about 90 s. */
  | "abnormal"
  /** Stopping: neither running nor ended. */
  | "stopping"
  /** Ended normally (statuses 7 and 8): idle, or deleted. */
  | "ended"
  /** Ended abnormally (status 9). */
  | "failed"
  /** The service refused the task's parameters. */
  | "refused"
  /** An unknown status, or none: neither running nor ended. */
  | "unknown";

/** How a call to a domain failed. */
export type DomainFailure =
  /** The name was not resolved. The alternate name may be resolved. */
  | "dns"
  /** The name was resolved, but there was no answer: the alternate name leads to the same place and is skipped. */
  | "unreachable"
  /** No answer, and the runtime gives no reason (browsers and Workers never do). */
  | "unknown"
  /** The domain answered 5xx. Three in a row count as unreachable. */
  | "serverError";

/** A call that needs a permit of the rate limit, by priority. */
export type LimitedCall =
  /** Deletes a task. */
  | "delete"
  /** An Acquire; the permit of its Create, which must follow within 2 s, is reserved with it. */
  | "acquireAndCreate"
  /** A retried Create. */
  | "create"
  /** Updates a task. */
  | "update"
  /** Queries a task. */
  | "query";

/** A failed call, for `RetryPolicy.nextDelay`. */
export interface NextDelayOptions {
  /** The call that failed. */
  call: Call;
  /** Why it is retried. */
  reason: RetryReason;
  /** How many consecutive failures there were before this one, from 0. */
  failures?: number;
  /** The reply's `Retry-After` header: seconds, or a date. It only lengthens the delay. */
  retryAfter?: string | null;
  /** The caller's time in ms since the epoch, to which a date in `retryAfter` is compared. Default: now. */
  now?: number;
}

/** A plan whose quota is to be estimated. */
export interface QuotaEstimateOptions {
  /** Concurrent tasks by output size: 1 or more. A number means HD outputs. */
  tasks: number | { SD?: number; HD?: number; FHD?: number };
  /**
   * The interval between Queries of a task. From 1000 to 86400000. Default 120000.
   * @minimum 1000
   * @maximum 86400000
   */
  pollIntervalMs?: number;
  /** The area of the App ID's tasks. Default `north-america`. */
  area?: Area;
  /** Limits that differ from the area's documented ones; `pcw` applies to each size. */
  quota?: Quota;
}

/** The quota that a plan needs. */
export interface QuotaEstimate {
  /** Calls per second for monitoring alone. */
  queriesPerSecond: number;
  /** The time to launch all tasks within the limits, in s: Acquire, Create and the first Query of each. */
  launchAllSeconds: number;
  /** The maximum number of tasks within these limits at this interval. */
  maxTasks: number;
  /** Whether the plan fits. */
  fits: boolean;
  /** One sentence that says why the plan fits or not, and what to change. */
  verdict: string;
}

/** A notification. */
export type ServiceNotification = {
  /** The id of the notification. */
  noticeId: string | null;
  /** The task's id. */
  taskId: string;
  /** The instanceId of the task's create, if the service sends it. */
  instanceId: string | null;
  /** The sequence number among the notifications of the task. */
  sequence: number | null;
  /** When it was created, in ms since the epoch. (The time of sending changes with every resend and is left out.) */
  sentAt: number | null;
} & NotificationDetails;

/** What happened to the task. */
export type NotificationDetails =
  /** 110: it started. */
  | { type: "started" }
  /** 111: it stopped. */
  | {
      type: "stopped";
      /** The service's reason. */
      reason: string | null;
    }
  /** 112: its state. */
  | {
      type: "status";
      /** `connecting`, `running`, `failed`, or any other value, unchanged. */
      state: string | null;
    }
  /** 113: it was updated. */
  | { type: "updated" }
  /** Anything else. */
  | {
      type: "other";
      /** `eventType`. */
      eventType: number;
    };
