/** What goes in and comes out, as types. All times and durations are in ms unless a name says otherwise. */

/** An RTC user id: 1 to 4294967295 for an output. */
export type Uid = number;

/** Where the broadcast is, which decides which domains and limits are the default. */
export type Area = "china" | "north-america" | "europe" | "asia-pacific";

/** The calls of the service's REST interface for a task. */
export type Call = "acquire" | "create" | "query" | "update" | "delete";

/** The REST payload of a task. Fields that are not listed here pass through unchanged. */
export interface Services {
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
  /** Left out: mix. The others take at most one input. */
  streamProcessMode?: "single" | "heterogeneous-single";
  audioInputs?: Input[];
  videoInputs?: Input[];
  canvas?: Canvas;
  waterMarks?: WaterMark[];
  /** A supervised task has one output into an RTC channel; its uid and token are filled in for each launch. */
  outputs: Output[];
  [field: string]: unknown;
}

/** A stream in an RTC channel. */
export interface Rtc {
  rtcChannel: string;
  /** A host's uid; of audio inputs 0 is everybody's; of an output it may be left out. */
  rtcUid?: Uid;
  /** Of an input made for uid 0, of an output for its uid. */
  rtcToken?: string;
  [field: string]: unknown;
}

/** Either `rtc` or `streamUrl`. */
export interface Input {
  rtc?: Rtc;
  streamUrl?: string;
  /** 0 to 200. */
  volume?: number;
  /** How often `streamUrl` is played; not 0. */
  repeat?: number;
  /** A jpg or png to show while there is no video. */
  placeholderImageUrl?: string;
  /** Where a video goes on the canvas; zOrder 2 to 100. */
  region?: Region;
  [field: string]: unknown;
}

/** In pixels: x and y 0 to 3840, width and height 120 to 3840. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
  zOrder?: number;
  [field: string]: unknown;
}

/** Width and height 120 to 3840 pixels. */
export interface Canvas {
  width: number;
  height: number;
  /** 0xRRGGBB. */
  color?: number;
  backgroundImage?: string;
  fillMode?: "FILL" | "FIT";
  [field: string]: unknown;
}

/** A jpg or png over the picture; zOrder 0 to 100. */
export interface WaterMark {
  imageUrl: string;
  region: Region;
  fillMode?: "FILL" | "FIT";
  [field: string]: unknown;
}

/** Either `rtc` or `streamUrl`. */
export interface Output {
  rtc?: Rtc;
  streamUrl?: string;
  audioOption?: { profileType?: string; [field: string]: unknown };
  videoOption?: {
    width?: number;
    height?: number;
    /** 1 to 10000 kbit/s. */
    bitrate?: number;
    codec?: "H264" | "VP8";
    /** 1 to 30, default 15. */
    fps?: number;
    mode?: "RAW";
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/** Something that the service would refuse. */
export interface Violation {
  field: string;
  value: string;
  allowed: string;
}

/** Something that is allowed, but probably not meant. */
export interface TaskWarning {
  field: string;
  message: string;
}

/** Every schedule. The service's own ones are the defaults; lists are the waits before each further attempt. */
export interface RetrySchedules {
  /** Acquire, Create or Update answered 206. Default 3000, 6000, 9000. */
  createTimedOutMs: number[];
  /** Acquire, Create or Update answered 50x. Default 3000, 6000, 9000. */
  createServerErrorMs: number[];
  /** Create or Update answered code 65. Default 3000, 6000. */
  createNotCompletedMs: number[];
  /** Query answered 404; when spent, the task is gone. Default 5000, 10000, 15000. */
  queryNotFoundMs: number[];
  /** Query answered 50x or 206; the last repeats. Default 5000, 10000, 15000, 30000. */
  queryServerErrorMs: number[];
  /** Query answered 40x; when spent, the operator is told. Default 5000, 10000, 15000. */
  queryRefusedMs: number[];
  /** Delete answered 50x, 206 or 40x; when spent, the task is left behind. Default 5000, 10000, 15000, 30000. */
  deleteMs: number[];
  /** No answer. Default 1000, 3000, 6000. */
  noAnswerMs: number[];
  /** 429 without `Retry-After`; the last repeats, and no attempt is spent. Default 1000, 2000, 5000, 10000. */
  rateLimitedMs: number[];
  /** Looks for a new task; the last repeats; each is shorter than `idleTimeout`. Default 5000, 5000, 5000, 10000. */
  confirmMs: number[];
  /** A task that does not run this long after its taskId did not start. Default 90000. */
  confirmDeadlineMs: number;
  /** Between two looks for a running task. Default 120000. */
  monitorIntervalMs: number;
  /** Launching again; the last repeats. Default 0, 5000, 15000, 30000, 60000, 120000, 300000. */
  relaunchMs: number[];
  /** After running this long, earlier launches are forgotten. Default 600000. */
  relaunchResetMs: number;
  /**
   * How long the service is given to move a task that failed; and how long a running task is looked at every 10 s once a
   * notification said that it has stopped or failed. Default 90000.
   */
  migrationMs: number;
  /** A task that runs but that nobody names is replaced after this; `null`: never. Default 90000. */
  unidentifiedMs: number | null;
  /** Looks into the channel; the last repeats. Default 10000, 10000, 10000, 15000, 30000, 60000. */
  presenceMs: number[];
  /** Looks in a row without a uid that prove it gone, besides those during `migrationMs`. Default 3. */
  presenceAbsences: number;
  /** How long `stop()` waits for a task that cannot be ended or found. Default 300000. */
  stopDeadlineMs: number;
  /** Time-out of each attempt. Default 10000. */
  requestTimeoutMs: number;
  /** Hints and notifications bring a Query forward at most this often. Default 5000. */
  hintIntervalMs: number;
  /** The longest `Retry-After` that is followed. Default 300000. */
  retryAfterMaxMs: number;
  /** How much longer a wait may become by chance, 0 to 100 % of it. Default 0. */
  jitterPercent: number;
}

/** An App ID's limits. */
export interface Quota {
  /** Steady calls a second. Default 8: services are known to refuse before their nominal 10. */
  callsPerSecond?: number;
  /** Calls at once after a quiet time. Default 2. */
  burst?: number;
  /** Peak concurrent tasks. Default 100 in mainland China, 30 elsewhere. */
  pcw?: number;
}

/** A call that needs a permit of the rate limit; `acquireAndCreate` reserves the one for the Create, too. */
export type Want = "delete" | "acquireAndCreate" | "create" | "update" | "query";

/** Asks for a permit. */
export interface PermitRequest {
  /** The number of the lane in its group, from 0 on. */
  lane: number;
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
  /** When the primary domain is tried again after it was left. Default 600000. */
  domainReturnMs?: number;
  /** Schedules that differ from the documented ones. */
  policy?: Partial<RetrySchedules>;
  /** Limits that differ from the documented ones. */
  quota?: Quota;
  /** When a task that ended is launched again: default `on-failure`, which an exit for idleness is not. */
  restart?: "on-failure" | "always" | "never";
  /** What to do when the service says that it will move a failed task: default `relaunch`, under the other uid. */
  migration?: "relaunch" | "wait";
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
  /** A payload of its own. */
  services?: Services;
}

/** Settings of a group. */
export interface GroupConfig extends CommonConfig {
  /** The primary first. */
  lanes: LaneConfig[];
  /** Default `sticky`: what is on air stays there while it runs. */
  onAir?: "sticky" | "prefer-primary";
}

/** What the application gives. */
export interface Host {
  /** Of the service's RESTful API. */
  customerId: string;
  /** Of the service's RESTful API. Belongs on a server: never ship it in a page. */
  customerSecret: string;
  /** Carries out the calls. Default: the global one. */
  fetch?: typeof fetch;
  /**
   * Makes the RTC token for an output uid, or for the inputs (uid 0), anew for each launch: tokens expire.
   * `null` or `undefined` keeps the one in the payload.
   */
  rtcToken?: (uid: Uid, channel: string) => string | null | undefined | Promise<string | null | undefined>;
  /**
   * Keeps the snapshot, which carries tokens, where it survives this process. Awaited before every Create, Update and
   * Delete: a call whose snapshot could not be kept is not made.
   */
  persist?: (snapshot: string) => void | Promise<void>;
  /**
   * Where several processes make calls under one App ID, whoever shares out its rate limit: gives 0 for a permit, which
   * must be used within a second, or the ms to wait before asking again. Without it `quota` is for this one alone.
   */
  permit?: (request: PermitRequest) => number | Promise<number>;
  /** Takes each event, besides those who iterate. */
  onEvent?: (event: SteadymixEvent) => void;
  /** Takes what a callback threw. Default: `console.error`. */
  onError?: (error: unknown, callback: "rtcToken" | "persist" | "permit" | "onEvent") => void;
  /** With this secret from the console, `notice()` checks signatures. */
  noticeSecret?: string;
  /** The time in ms since the epoch. Default: `Date.now`. */
  now?: () => number;
  /** Simulated ms in a real one, for demonstrations. Default 1. */
  timeScale?: number;
  /** A reply that is larger is no reply of the service. Default 1048576. */
  maxBodyBytes?: number;
}

/** What the service said with an answer. Its support asks for the ids. */
export interface Said {
  status?: number;
  code?: number;
  message?: string;
  requestId?: string;
  resourceId?: string;
}

/** Why a launch begins. */
export type LaunchCause =
  | "start"
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
      call: Call | "presence" | "rtcToken";
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
  | { type: "suspect"; reason: "notFound" | "abnormal" | "notRunning" | "absent" }
  /** The suspicion was wrong. */
  | { type: "recovered" }
  /** The task ended. */
  | { type: "ended"; how: "normal" | "failed" | "notFound" | "absent" }
  /** The lane moves to another output uid. */
  | { type: "uidSwitched"; from: Uid; to: Uid; reason: LaunchCause }
  /** Under each uid a task may live: waits. */
  | { type: "noUidFree"; waitMs: number }
  /** A replacement runs. */
  | { type: "relaunched"; previousUid: Uid; previousTaskId?: string; gapMs: number }
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
  | { type: "onAir"; fromLane?: string; toLane?: string; fromUid?: Uid; toUid?: Uid }
  /** `stop()` was called. */
  | { type: "stopping" }
  /** Nothing of this lane lives any more, as far as is known. */
  | { type: "stopped" }
  /** The lane has given up. */
  | { type: "failed"; reason: FailReason };

/** Something that happened to one lane. Carries no credential and no token. */
export type SteadymixEvent = {
  /** When, in ms since the epoch. */
  at: number;
  /** The lane's name; of a supervisor `main`. */
  lane: string;
  /** How many times the lane had been launched. */
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
  generation: number;
  uid: Uid;
  instanceId: string;
  taskId: string | null;
  standing: "adopted" | "unresolved" | "stopping" | "leftBehind";
}

/** How a lane is. */
export interface LaneStatus {
  name: string;
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
  /** How many times it was launched. */
  generation: number;
  /** Its output uids, the primary first. */
  uids: Uid[];
  /** The current output uid. */
  uid: Uid | null;
  /** The current task. */
  taskId: string | null;
  /** When a Query last said that it runs. */
  lastSeenRunningMs: number | null;
  /** Every task that lives, or may live. */
  tasks: KnownTask[];
}

/** The output that viewers should watch. */
export interface OnAir {
  lane: string;
  channel: string;
  uid: Uid;
}

/** How a group is. */
export interface GroupStatus {
  onAir: OnAir | null;
  /** The primary first. */
  lanes: LaneStatus[];
}

/** A notification of the service. */
export interface Notice {
  noticeId: string | null;
  taskId: string;
  instanceId: string;
  event: "started" | "stopped" | "status" | "updated" | "other";
  reason?: string | null;
  state?: string | null;
  eventType?: number;
  sequence: number | null;
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
  tasks: number;
  /** Default 120000. */
  pollIntervalMs?: number;
  area?: Area;
  quota?: Quota;
}

/** What a plan needs of an App ID's quota. */
export interface QuotaEstimate {
  queriesPerSecond: number;
  launchAllSeconds: number;
  mostTasks: number;
  fits: boolean;
  /** One sentence that says why it fits or does not, and what to change. */
  verdict: string;
}
