/** What goes in and comes out, as types. All times and durations are in ms unless a name says otherwise. */
import type { Fetch } from "./platform.js";

/** An RTC user id: 1 to 4294967295 for an output. */
export type Uid = number;

/** Where the broadcast is, which decides which domains and limits are the default. */
export type Area = "china" | "north-america" | "europe" | "asia-pacific";

/**
 * A call: those of the service's REST interface for a task, `presence`, which asks who is in the output channel, and
 * `rtcToken`, the application's own callback.
 */
export type Call = "acquire" | "create" | "query" | "update" | "delete" | "presence" | "rtcToken";

/**
 * The REST payload of a task. Fields that are not listed here pass through unchanged; of their numbers, those with a
 * fraction or beyond 64 bits keep 15 digits.
 */
export interface Services {
  /** The one service there is, and its settings. */
  cloudTranscoder: {
    serviceType: "cloudTranscoderV2";
    config: { transcoder: Transcoder };
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/** What to mix, and where to. */
export interface Transcoder {
  /** The task ends by itself when all hosts have been away this long: 1 to 86400 s, default 300 s. */
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
  /** A supervised task has one output into an RTC channel; its uid and token are filled in for each launch. */
  outputs: Output[];
  [field: string]: unknown;
}

/** A stream in an RTC channel. */
export interface Rtc {
  /** The channel: 1 to 64 bytes. */
  rtcChannel: string;
  /** A host's uid; of audio inputs 0 is everybody's; of an output it may be left out. */
  rtcUid?: Uid;
  /** Of an input made for uid 0, of an output for its uid; in a project without an App Certificate the App ID. */
  rtcToken?: string;
  [field: string]: unknown;
}

/** Either `rtc` or `streamUrl`. */
export interface Input {
  /** A host's stream; of audio, uid 0 is everybody's. */
  rtc?: Rtc;
  /** The address of a media file or stream. */
  streamUrl?: string;
  /** 0 to 200. */
  volume?: number;
  /** How often `streamUrl` is played; not 0. */
  repeat?: number;
  /** The address of a jpg or png to show while there is no video. */
  placeholderImageUrl?: string | null;
  /** Where a video goes on the canvas: required, with its zOrder, when videos are mixed. */
  region?: Region;
  [field: string]: unknown;
}

/** In pixels: x and y 0 to 3840, width and height 120 to 3840, of a watermark 1 to 3840. */
export interface Region {
  /** From the left, in pixels: 0 to 3840. */
  x: number;
  /** From the top, in pixels: 0 to 3840. */
  y: number;
  /** 120 to 3840 pixels, of a watermark 1 to 3840. */
  width: number;
  /** 120 to 3840 pixels, of a watermark 1 to 3840. */
  height: number;
  /** 0 to 100, higher is nearer; of a video 2 to 100 in the newest reference. */
  zOrder?: number;
  [field: string]: unknown;
}

/** Width and height 120 to 3840 pixels. */
export interface Canvas {
  /** 120 to 3840 pixels. */
  width: number;
  /** 120 to 3840 pixels. */
  height: number;
  /** 0xRRGGBB: required when videos are mixed. */
  color?: number;
  /** The address of a jpg or png. */
  backgroundImage?: string | null;
  /** How `backgroundImage` is fitted in. */
  fillMode?: "FILL" | "FIT";
  [field: string]: unknown;
}

/** A jpg or png over the picture; zOrder 0 to 100. */
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
  audioOption?: {
    /**
     * `AUDIO_PROFILE_` and `DEFAULT`, `SPEECH_STANDARD`, `MUSIC_STANDARD`, `MUSIC_STANDARD_STEREO`,
     * `MUSIC_HIGH_QUALITY` or `MUSIC_HIGH_QUALITY_STEREO`.
     */
    profileType?: string;
    [field: string]: unknown;
  };
  /** How the video is encoded: required when videos are mixed. 120×120 to 1920×1080 pixels, or to 1080×1920. */
  videoOption?: {
    /** Required, unless `mode` is `RAW`. */
    width?: number;
    /** Required, unless `mode` is `RAW`. */
    height?: number;
    /** 1 to 10000 kbit/s. */
    bitrate?: number;
    /** Required, unless `mode` is `RAW`. `H265` to CDN addresses only. */
    codec?: "H264" | "VP8" | "H265";
    /** 1 to 30, default 15. */
    fps?: number;
    /** Passed on as it comes in; takes one input. */
    mode?: "RAW";
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/** Something that the service would refuse. */
export interface Violation {
  /** The path of the field, from `services` on; or `instanceId`. */
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

/** Every schedule. The service's own ones are the defaults; lists are the waits before each further attempt. */
export interface RetrySchedules {
  /** Acquire, Create or Update answered 206. From 100 to 3600000. Default 3000, 6000, 9000. */
  createTimedOutMs: number[];
  /** Acquire, Create or Update answered 50x. From 100 to 3600000. Default 3000, 6000, 9000. */
  createServerErrorMs: number[];
  /** Acquire, Create or Update answered code 65, with a 40x too. From 100 to 3600000. Default 3000, 6000. */
  createNotCompletedMs: number[];
  /** Query answered 404; when spent, the task is gone. From 100 to 3600000. Default 5000, 10000, 15000. */
  queryNotFoundMs: number[];
  /** Query answered 50x or 206; the last repeats. From 100 to 3600000. Default 5000, 10000, 15000, 30000. */
  queryServerErrorMs: number[];
  /** Query answered 40x; when spent, the operator is told. From 100 to 3600000. Default 5000, 10000, 15000. */
  queryRefusedMs: number[];
  /**
   * Delete answered 50x, 206 or 40x; when spent, the task is left behind. From 100 to 3600000. Default 5000, 10000,
   * 15000, 30000.
   */
  deleteMs: number[];
  /** No answer. From 100 to 3600000. Default 1000, 3000, 6000. */
  noAnswerMs: number[];
  /**
   * 429 without `Retry-After`; the last repeats, and no attempt is spent. From 100 to 3600000. Default 1000, 2000,
   * 5000, 10000.
   */
  rateLimitedMs: number[];
  /**
   * Looks for a new task; the last repeats; each is shorter than `idleTimeout`. From 100 to 3600000. Default 5000,
   * 5000, 5000, 10000.
   */
  confirmMs: number[];
  /** A task that does not run this long after its taskId did not start. From 1000 to 3600000. Default 90000. */
  confirmDeadlineMs: number;
  /** Between two looks for a running task. From 1000 to 3600000. Default 120000. */
  monitorIntervalMs: number;
  /**
   * Launching again; the last repeats. 0, or from 500 to 3600000. Default 0, 5000, 15000, 30000, 60000, 120000, 300000.
   */
  relaunchMs: number[];
  /** After running this long, earlier launches are forgotten. 0, or from 10000 to 86400000. Default 600000. */
  relaunchResetMs: number;
  /**
   * How long the service is given to move a task that failed; and how long a running task is looked at every 10 s once
   * a notification said that it has stopped or failed. From 1000 to 3600000. Default 90000.
   */
  migrationMs: number;
  /**
   * A task that runs but that nobody names is replaced after this; `null`: never. From 1000 to 3600000. Default 90000.
   */
  unidentifiedMs: number | null;
  /**
   * Looks into the channel; the last repeats. From 100 to 3600000. Default 10000, 10000, 10000, 15000, 30000, 60000.
   */
  presenceMs: number[];
  /** Looks in a row without a uid that prove it gone, besides those during `migrationMs`. Default 3. */
  presenceAbsences: number;
  /**
   * How long `stop()` waits for a task that cannot be ended or found; one whose id is known is not given up before a
   * Delete of it was tried. 0, or from 1000 to 3600000. Default 300000.
   */
  stopDeadlineMs: number;
  /** Time-out of each attempt. From 1000 to 120000. Default 10000. */
  requestTimeoutMs: number;
  /** Hints and notifications bring a Query forward at most this often. From 1000 to 3600000. Default 5000. */
  hintIntervalMs: number;
  /**
   * The longest `Retry-After` that is followed: a longer one, or a later date, counts as this. Dates are compared with the
   * reply's own `Date`, where it has one. 0, or from 1000 to 3600000. Default 300000.
   */
  retryAfterMaxMs: number;
  /** How much longer a wait may become by chance, 0 to 100 % of it. Default 0. */
  jitterPercent: number;
}

/** An App ID's limits. */
export interface Quota {
  /**
   * Steady calls a second. Default 8: services are known to refuse before their nominal 10. With a `pcw` under 80 the default
   * is a tenth of it, but at least 1: the service allows no more requests than that, and does not say whether it counts Query.
   */
  callsPerSecond?: number;
  /** Calls at once after a quiet time. Default 2. */
  burst?: number;
  /**
   * Peak concurrent tasks, of the largest output size that is used. Default that of a new project: in North America and
   * Europe 10 SD (up to 640×360 pixels), 5 HD (1280×720) or 2 FHD (1920×1080); in Asia Pacific 20, 10 or 3; in mainland China
   * 20, 10 or 5. At most a tenth of it is created a second.
   */
  pcw?: number;
}

/** A call that needs a permit of the rate limit; `acquireAndCreate` reserves the one for the Create, too. */
export type Want = "delete" | "acquireAndCreate" | "create" | "update" | "query";

/** Asks for a permit. */
export interface PermitRequest {
  /** The number of the lane in its group, from 0 on. */
  lane: number;
  /** The call that is to be made. */
  want: Want;
}

/** What supervisors and groups have in common. */
export interface CommonConfig {
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
  /** When the primary domain is tried again after it was left. From 1000 to 86400000. Default 600000. */
  domainReturnMs?: number;
  /** Schedules that differ from the documented ones. */
  policy?: Partial<RetrySchedules>;
  /** Limits that differ from the documented ones. */
  quota?: Quota;
  /**
   * When a task that ended is launched again: default `on-failure`, which an exit for idleness is not. With `never` one that
   * has run and does not any more is given `migrationMs` to come back by itself, and ended then.
   */
  restart?: "on-failure" | "always" | "never";
  /** What to do when the service says that it will move a failed task: default `relaunch`, under the other uid. */
  migration?: "relaunch" | "wait";
  /**
   * What to do with a new payload that the service cannot take in a running task: default `relaunch`, by a new task under the
   * other uid; `refuse`: `update()` throws.
   */
  rollout?: "relaunch" | "refuse";
  /** When to ask who is in the channel: default `when-unknown`, only to find a task that nobody named. */
  presence?: "when-unknown" | "always" | "never";
  /** Of the jitter. */
  seed?: number;
}

/** Settings of a supervisor. */
export interface SupervisorConfig extends CommonConfig {
  /** Two or more output uids, the primary first. */
  uids: Uid[];
}

/** Settings of one lane of a group. */
export interface LaneConfig {
  /** 1 to 32 characters. */
  name: string;
  /** Two or more output uids; no other lane's in the same output channel. */
  uids: Uid[];
  /**
   * A payload of its own, until an update gives all lanes the same. Each keeps the channel of its own output.
   */
  services?: Services;
}

/** Settings of a group. */
export interface GroupConfig extends CommonConfig {
  /** The primary first. */
  lanes: LaneConfig[];
  /** Default `sticky`: what is on air stays there while it runs. */
  onAir?: "sticky" | "prefer-primary";
  /**
   * How long, at the start, a backup that runs first waits for the primary before it goes on air. 0, or from 500 to 60000.
   * Default 5000. Viewers would begin with it, only to leave it a moment later.
   */
  startGraceMs?: number;
}

/** What the application gives. */
export interface Host {
  /** Of the service's RESTful API. */
  customerId: string;
  /** Of the service's RESTful API. Belongs on a server: never ship it in a page. */
  customerSecret: string;
  /** Carries out the calls. Default: the global one, as it is at each call. */
  fetch?: Fetch;
  /**
   * Makes the RTC token for an output uid, or for the inputs (uid 0), anew for each launch: tokens expire.
   * `null` or `undefined` keeps the one in the payload.
   */
  rtcToken?: (uid: Uid, channel: string) => string | null | undefined | Promise<string | null | undefined>;
  /**
   * Keeps the snapshot, which carries tokens, where it survives this process. Awaited before every Create, Update and
   * Delete, for half of `requestTimeoutMs`, and at most 5 s: a Create or Update whose snapshot could not be kept is not made
   * (`notPersisted`), a Delete is. A Create has to leave within 2 s of its Acquire, so `persist` must be well below that.
   * After 5 s it counts as failed, and is called again with the next snapshot: an older one must not replace a newer.
   */
  persist?: (snapshot: string) => void | Promise<void>;
  /**
   * Where several processes make calls under one App ID, whoever shares out its rate limit: gives 0 for a permit, which
   * must be used within a second, or the ms to wait before asking again. Without it `quota` is for this one alone. Where it
   * rejects, gives something else, or nothing within 25 s, calls go on without it, at most one a second: `permitFailed`.
   */
  permit?: (request: PermitRequest) => number | Promise<number>;
  /**
   * While `permit` fails, Queries are so far apart; what is more urgent is not. Where many processes share the limit:
   * their number × 2000 / calls per second. It is read anew each time, so that it may be a getter. From 1000 to 600000.
   * Default 1000.
   */
  fallbackQueryIntervalMs?: number;
  /**
   * The call for which this permit was given leaves now, which may be some time after: its snapshot is kept first. Whoever
   * shares out the limit is to count it from now on, and a permit that is not used yet as well: see `TokenBucket`.
   */
  permitUsed?: (request: PermitRequest) => void;
  /** Takes each event, besides those who iterate. May be async, but is not waited for. */
  onEvent?: (event: SteadymixEvent) => void;
  /**
   * Takes what a callback threw, or rejected with, and what was wrong with what it gave (but for calls that failed, which are
   * events). Default: `console.error`.
   */
  onError?: (error: unknown, callback: "fetch" | "rtcToken" | "persist" | "permit" | "permitUsed" | "onEvent") => void;
  /** With this secret from the console, `notice()` checks signatures. */
  noticeSecret?: string;
  /**
   * The time in ms since the epoch, up to the year 9999. Default: `Date.now`. With anything else nothing goes on: what was
   * called throws, or rejects with, `INVALID_CONFIG`.
   */
  now?: () => number;
  /** Simulated ms in a real one, for demonstrations. Default 1. */
  timeScale?: number;
  /** A reply that is larger is no reply of the service. Default 1048576; at most 16777216. */
  maxBodyBytes?: number;
}

/** What the service said with an answer. Its support asks for the ids. */
export interface Said {
  /** The HTTP status. */
  status?: number;
  /** `code` of the body. */
  code?: number;
  /** `message` of the body, or of the transcoder's status in it: redacted, on one line, cut to 300 characters. */
  message?: string;
  /** `details` of the transcoder's status, such as `OnSlaveServiceStopped`; as `message` is. */
  details?: string;
  /** Why the task stopped, by the notification that said so; as `message` is. */
  stopReason?: string;
  /** The header `X-Request-ID`. */
  requestId?: string;
  /** The header `X-Resource-ID`. */
  resourceId?: string;
}

/** Why a launch begins. */
export type LaunchCause =
  | "start"
  | "updated"
  | "acquireSpent"
  | "createSpent"
  | "createRefused"
  | "didNotStart"
  | "ended"
  | "notFound"
  | "abnormal"
  | "absent"
  | "unidentified";

/** Why a call is made again. */
export type RetryReason =
  | "timedOut"
  | "notCompleted"
  | "serverError"
  | "accepted"
  | "notFound"
  | "refused"
  | "rateLimited"
  | "dns"
  | "unreachable"
  | "noAnswer"
  | "malformed"
  | "notSent"
  | "notPersisted"
  | "tokenFailed";

/** Why a lane gave up. */
export type FailReason = "wrongParameters" | "wrongCredentials" | "noUidFree" | "notRestarted";

/** What happened, by `type`. */
export type EventDetails =
  /** A logical create begins, or an unresolved one is gone on with. */
  | { type: "launching"; cause: LaunchCause }
  /** A call did not bring what it should; without `waitMs` its ladder is spent. */
  | ({
      type: "retrying";
      call: Call;
      reason: RetryReason;
      waitMs?: number;
      attempt: number;
      domain?: string;
    } & Said)
  /** A Create was answered with a taskId. */
  | { type: "created" }
  /** A Query said that the task runs. */
  | { type: "confirmed"; tookMs: number }
  /** The running task may be gone. */
  | ({ type: "suspect"; reason: "notFound" | "abnormal" | "notRunning" | "absent" } & Said)
  /** The suspicion was wrong. */
  | { type: "recovered" }
  /** The task ended. */
  | ({ type: "ended"; how: "normal" | "failed" | "notFound" | "absent" } & Said)
  /** The lane moves to another output uid. */
  | { type: "uidSwitched"; from: Uid; to: Uid; reason: LaunchCause }
  /** Under each uid a task may live: waits. */
  | { type: "noUidFree"; waitMs: number }
  /**
   * A replacement runs. `downtimeMs`: since the task before it was last seen running, by a Query, until the replacement was;
   * that task may have lived on for up to `monitorIntervalMs` of it.
   */
  | { type: "relaunched"; previousUid: Uid; previousTaskId?: string; downtimeMs: number }
  /** Another domain is asked from now on. */
  | { type: "domainSwitched"; from: string; to: string }
  /** A task runs, but nobody says which. */
  | { type: "unidentified" }
  /** A task's id was learnt in another way than from the answer to its Create. */
  | { type: "identified"; by: "notice" | "lateReply" | "reply" }
  /** The service refused a call: an operator must look. */
  | ({ type: "misconfigured"; call: Call } & Said)
  /** An update was taken. */
  | { type: "updated"; sequenceId: number }
  /** A task that was not wanted any more is gone. */
  | { type: "removed" }
  /** A task may live on, and be billed, and could not be ended. */
  | { type: "leftBehind"; reason: "deleteFailed" | "neverIdentified" }
  /** The output that viewers should watch changed (groups only). */
  | {
      type: "onAir";
      fromLane?: string;
      toLane?: string;
      fromUid?: Uid;
      toUid?: Uid;
      fromChannel?: string;
      toChannel?: string;
    }
  /** `stop()` was called. */
  | { type: "stopping" }
  /** Nothing of this lane lives any more, as far as is known. */
  | { type: "stopped" }
  /** The lane has given up. */
  | { type: "failed"; reason: FailReason }
  /**
   * It was restored from a snapshot of one that had ended: nothing is launched. What is to run again is begun anew, with an
   * instanceId of its own.
   */
  | { type: "alreadyEnded"; outcome: Outcome }
  /** `permit` failed: calls go on without it, at most one a second, and it is asked again every 10 s. */
  | { type: "permitFailed"; reason: "rejected" | "timedOut" | "invalid" }
  /** `permit` gives permits again. */
  | { type: "permitRecovered"; failedForMs: number };

/** Something that happened to one lane. Carries no credential and no token. */
export type SteadymixEvent = {
  /** When, in ms since the epoch. */
  at: number;
  /** The lane's name; of a supervisor `main`. */
  lane: string;
  /** The launch it is about, by its number. */
  generation?: number;
  /** The output uid it is about. */
  uid?: Uid;
  /** The task, where it is known. */
  taskId?: string;
  /** Of the logical create. */
  instanceId?: string;
} & EventDetails;

/** How it ended. */
export type Outcome = { kind: "stopped" } | { kind: "ended" } | { kind: "failed"; reason: FailReason };

/** A task that lives, or may live. */
export interface KnownTask {
  /** The launch that made it. */
  generation: number;
  /** Its output uid. */
  uid: Uid;
  /** Of its Acquire. */
  instanceId: string;
  /** `null`: not known. */
  taskId: string | null;
  /**
   * What is done about it. `adopted`: it is launched, confirmed, or monitored. `unresolved`: its Create has an unknown
   * outcome. `stopping`: it is kept until its replacement runs, or being ended. `leftBehind`: it could not be ended;
   * that is tried again from time to time.
   */
  standing: "adopted" | "unresolved" | "stopping" | "leftBehind";
}

/** A new payload for all lanes of a group, or one for each of some. */
export type GroupUpdate = Services | { lanes: { name: string; services: Services }[] };

/** What becomes of a new payload in one lane. */
export interface LaneUpdate {
  /** The lane's name; of a supervisor `main`. */
  lane: string;
  /**
   * `update`: the running task is updated (one that is being launched is, once it runs). `relaunch`: a new task under another
   * uid has it, and takes the place of the running one. `launch`: nothing runs, and the next task has it. `nothing`: it is the
   * one that the lane has.
   */
  via: "update" | "relaunch" | "launch" | "nothing";
}

/** How a lane is. */
export interface LaneStatus {
  /** Its name; of a supervisor `main`. */
  name: string;
  /**
   * What it does. `confirming`: the task has an id, but is not known to run yet. `suspect`: it may be gone.
   * `unidentified`: it runs, but nobody says which it is. `waiting`: for the next launch, or for a task that may live.
   * `stopped`, `failed`: nothing lives any more, as far as is known.
   */
  state:
    | "launching"
    | "confirming"
    | "running"
    | "suspect"
    | "unidentified"
    | "waiting"
    | "stopping"
    | "stopped"
    | "failed";
  /** The number of its last launch. A second task of a launch, once it is found, has a number of its own. */
  generation: number;
  /** Its output uids, the primary first. */
  uids: Uid[];
  /** The current output uid. */
  uid: Uid | null;
  /** The current task. */
  taskId: string | null;
  /** When a Query last said that it runs. */
  lastSeenRunningMs: number | null;
  /** The last `suspect`, `ended` or `misconfigured`, with what the service said. */
  lastProblem?: SteadymixEvent;
  /** Every task that lives, or may live. */
  tasks: KnownTask[];
}

/** The output that viewers should watch. */
export interface OnAir {
  /** The lane's name. */
  lane: string;
  /** Its output channel. */
  channel: string;
  /** Its output uid. */
  uid: Uid;
}

/** How a group is. */
export interface GroupStatus {
  /** What viewers should watch; `null`: nothing is known to run. */
  onAir: OnAir | null;
  /** The primary first. */
  lanes: LaneStatus[];
}

/** A notification of the service. */
export interface Notice {
  /** Names this notification; may differ when it is sent again. `null`: it has none. */
  noticeId: string | null;
  /** The task it is about. */
  taskId: string;
  /** Of the create that made the task. `null`: it does not say. */
  instanceId: string | null;
  /** What happened to the task; `status`: it says how it is. */
  event: "started" | "stopped" | "status" | "updated" | "other";
  /** Of `stopped` only: why, as the service says; `null`: it does not. */
  reason?: string | null;
  /** Of `status` only: `connecting`, `running`, `failed`, or anything else, as it came; `null`: it says none. */
  state?: string | null;
  /** Of `other` only: the service's number. */
  eventType?: number;
  /** Its place among the notifications of its task; `null`: it does not say. */
  sequence: number | null;
  /** When it was made, in ms since the epoch; the same when it is sent again. `null`: it does not say. */
  sentAt: number | null;
}

/** What an answer means. */
export type Meaning =
  | {
      kind:
        | "success"
        | "alreadyStarted"
        | "accepted"
        | "timedOut"
        | "notCompleted"
        | "serverError"
        | "notFound"
        | "alreadyGone"
        | "wrongParameters"
        | "wrongCredentials"
        | "rateLimited"
        | "noAnswer";
    }
  | {
      kind: "task";
      task: "starting" | "running" | "abnormal" | "stopping" | "ended" | "failed" | "refused" | "unknown";
    };

/** A plan whose need of quota is estimated. */
export interface QuotaPlan {
  /** Tasks at the same time, by the size of their outputs: 1 or more. A number is that of HD outputs. */
  tasks: number | { SD?: number; HD?: number; FHD?: number };
  /** How often each is asked for. From 1000 to 86400000. Default 120000. */
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
  /** s that it takes to launch all tasks one after the other: Acquire, Create and the first Query of each. */
  launchAllSeconds: number;
  /** The most tasks that these limits carry at this interval. */
  mostTasks: number;
  /** Whether the plan fits. */
  fits: boolean;
  /** One sentence that says why it fits or does not, and what to change. */
  verdict: string;
}
