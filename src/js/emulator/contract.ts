// Generated from the emulator's Rust types: STEADYMIX_GENERATE=1 cargo test -p steadymix-emulator typescript
/** The types of the emulator's inputs and outputs. */

/** The kinds of calls: those of the transcoding service, and `presence` (who is in a channel). */
export type CallKind =
  /** POST `/builderTokens`. */
  | "acquire"
  /** POST `/tasks`. */
  | "create"
  /** GET `/tasks/{taskId}`. */
  | "query"
  /** PATCH `/tasks/{taskId}`. */
  | "update"
  /** DELETE `/tasks/{taskId}`. */
  | "delete"
  /** A presence check of a channel. */
  | "presence";

/**
 * A command to the emulated service. A command that applies to nothing is an error: for example, a uid without a live task,
 * or a rule that no call can match.
 */
export type Command =
  /** Adds a fault rule. */
  | {
      type: "addRule";
      /** The rule. */
      rule: Rule;
      /**
       * How long the rule lasts from now, in ms: from 1 to a year; forever if left out. Cannot be combined with
       * `untilMs` of the rule.
       */
      forMs?: number;
    }
  /** Removes all fault rules. */
  | { type: "clearRules" }
  /** Kills live tasks at once. */
  | ({
      type: "kill";
      /** How long Query still reports that they run, in ms: at most a year. Default `0`. */
      reportLagMs?: number;
      /** Whether Query answers 404 afterwards, instead of reporting their end. Default `false`. */
      forgotten?: boolean;
      /** The `stopReason` of the notification, and the `message` of Query's answer: `abnormal` if left out. */
      reason?: string;
    } & Target)
  /** Running tasks fail, and the service migrates them. */
  | ({
      type: "fail";
      /** Whether they run again after the migration. */
      recovers: boolean;
      /** The reason, as for `kill`. */
      reason?: string;
    } & Target)
  /** The hosts of an input channel leave, or come back. */
  | {
      type: "hosts";
      /** The input channel: a non-empty string. */
      channel: string;
      /** Whether they are in the channel. */
      present: boolean;
    }
  /** Changes how notifications are delivered. */
  | {
      type: "notifications";
      /** The new behaviour; `null` for no notifications. */
      profile: NotificationProfile | null;
    }
  /** Changes how tasks start. */
  | {
      type: "startUp";
      /** The new behaviour. */
      startUp: StartUp;
    }
  /** Changes the answer to a repeated Create. */
  | {
      type: "repeatCreate";
      /** The new answer. */
      answer: RepeatCreate;
    };

/** A notification for a webhook. */
export interface Delivery {
  /** When it arrives, by the emulator's clock, in ms since the epoch. */
  atMs: number;
  /** The raw body. */
  body: string;
  /** The header `Agora-Signature`. */
  signature: string;
  /** The header `Agora-Signature-V2`. */
  signatureV2: string;
}

/** The effect of a fault rule on a call. */
export type Effect =
  /** The call is not carried out, and answered like this. */
  | {
      type: "answer";
      /** The HTTP status: from 200 to 599. */
      status: number;
      /** `code` of the body. Cannot be combined with `body`. */
      code?: number;
      /** The `Retry-After` header. */
      retryAfter?: string;
      /** The body, instead of `{message, code}`. */
      body?: string;
    }
  /** The call is carried out, but answered like this. */
  | {
      type: "performThenAnswer";
      /** The HTTP status: from 200 to 599. */
      status: number;
      /** `code` of the body. */
      code?: number;
    }
  /** The call is carried out, but the answer is lost. */
  | { type: "performAndLose" }
  /** The call is carried out late, and the answer is lost. */
  | {
      type: "performLate";
      /** The delay in ms: at most a year. */
      ms: number;
    }
  /** The call is lost. */
  | { type: "lose" }
  /** The call is carried out, and the answer is delayed. */
  | {
      type: "delay";
      /** The delay in ms: at most a day. */
      ms: number;
    }
  /** The domain's name cannot be resolved. */
  | { type: "dns" }
  /** The connection is refused. */
  | { type: "refuse" }
  /** The call is carried out, but the answer's body is truncated. */
  | { type: "garbage" }
  /** The call is carried out, but the answer contains no task id. */
  | { type: "noTaskId" }
  /**
   * The answer is about another task than the call. Applies to calls that name or create a task, while such another task
   * exists.
   */
  | {
      type: "otherTask";
      /** The other task. */
      which: OtherTask;
      /** The HTTP status: from 200 to 599. The body names the other task with any status. Default `200`. */
      status?: number;
      /** Whether the call is carried out. Default `false`. */
      perform?: boolean;
    };

/** A call of the REST API. */
export interface IncomingCall {
  /** The domain of the URL. */
  domain: string;
  /** The HTTP method, in upper case. */
  method: string;
  /** The path and query. */
  path: string;
  /** The `Authorization` header; `null` for none. Default `null`. */
  authorization?: string | null;
  /** The body: a JSON string. Default `""`. */
  body?: string;
}

/** The delivery of notifications. */
export interface NotificationProfile {
  /** The secret that signs them: a non-empty string. Default `"secret"`. */
  secret?: string;
  /** Shortest and longest delay, in ms. Default `[100, 1500]`. */
  takesMs?: [number, number];
  /** Percentage of notifications that are lost. Default `0`. */
  lostPercent?: number;
  /** Percentage of notifications that are delivered twice. Default `0`. */
  doubledPercent?: number;
  /** Percentage of notifications that are delayed by up to 20 s and may arrive out of order. Default `0`. */
  latePercent?: number;
  /** Percentage of notifications that name another task than the one that they are about. Default `0`. */
  misnamedPercent?: number;
}

/**
 * A task other than the one that a call is about. If there are several, it is the one whose instanceId has the longest
 * common prefix with the call's, and of these the newest.
 */
export type OtherTask =
  /** A task of the same App ID that has ended. */
  | "ended"
  /** A live task of the same App ID: of an earlier launch or of another lane. */
  | "live"
  /** A task of another customer. Its id is always the same and appears nowhere else. */
  | "foreign";

/** Two live tasks that publish under the same uid of a channel or to the same CDN address. They disturb each other. */
export interface Overlap {
  /** When the second task was created, in ms since the epoch. */
  atMs: number;
  /** The output channel; empty for a CDN address. */
  channel: string;
  /** The output uid; 0 for a CDN address. */
  uid: number;
  /** The task id of the older task. */
  older: string;
  /** The task id of the younger task. */
  younger: string;
}

/**
 * The emulated service's behaviour without fault rules. Every field has a default. Unless stated otherwise, durations are at
 * most a year, and percentages are from 0 to 100.
 */
export interface Profile {
  /** The seed of all random numbers: an integer from 0 to 9007199254740991. Default `1`. */
  seed?: number;
  /**
   * The required `Authorization` header: `Basic ` and `customerId:customerSecret` in base64; `null` for any such pair. Other
   * calls are answered 401. Default `null`.
   */
  authorization?: string | null;
  /**
   * Whether to also refuse calls that only the newest reference forbids and that public programs still send: Acquire
   * without `services`, streams without `rtcToken`, a video's `zOrder` below 2 or `rtcUid` 0, watermarks smaller
   * than 120 px, `H265` to CDN addresses. Default `false`.
   */
  strict?: boolean;
  /** The rate limit: calls in any second per App ID, at least 1. Further calls are answered 429. Default `10`. */
  callsPerSecond?: number;
  /** `Retry-After` of these answers, in s; `null` for none. Default `null`. */
  retryAfterS?: number | null;
  /** The limit of live tasks per App ID, at least 1. Further Creates are answered 429. Default `100`. */
  pcw?: number;
  /** Shortest and longest latency of an answer, in ms: at most a day. Default `[20, 120]`. */
  answerMs?: [number, number];
  /** The start of a task after Create. */
  startUp?: StartUp;
  /**
   * The answer to a Create while a task with its instanceId lives. The service does not document it.
   * Default `"sameTask200"`.
   */
  repeatCreate?: RepeatCreate;
  /**
   * The changes that an Update may make. Others are answered 400 with a message that names the field.
   * Default `"documented"`.
   */
  updates?: Updates;
  /**
   * The answer to a Query, Update or Delete with a builder token that did not start the task: 404 or 403.
   * Default `404`.
   */
  wrongTokenStatus?: number;
  /** Whether task statuses are numbers instead of strings. Default `false`. */
  numericStatus?: boolean;
  /** How long Query knows a task after its end, in ms. Afterwards the answer is 404. Default `60000`. */
  forgetAfterMs?: number;
  /** Shortest and longest time to migrate a failed task, in ms. Default `[20000, 80000]`. */
  migrationTakesMs?: [number, number];
  /**
   * Percentage of presence checks that miss a host in the channel. A host is missed at most twice in a row.
   * Default `0`.
   */
  presenceMissesPercent?: number;
  /** The delivery of notifications; `null` for no notifications. Default `null`. */
  notifications?: NotificationProfile | null;
}

/** The answer to a Create while a task with its instanceId lives. */
export type RepeatCreate =
  /** 200 with the live task. */
  | "sameTask200"
  /** 201 with the live task's id. */
  | "already201WithId"
  /** 201 without an id. */
  | "already201NoId"
  /** 409 without an id. */
  | "conflict409";

/** The result of a call. */
export type Reply =
  /** An HTTP response. */
  | {
      type: "answer";
      /** The latency, in ms of the emulator's time. */
      delayMs: number;
      /** The HTTP status. */
      status: number;
      /** The headers. */
      headers: [string, string][];
      /** The body. */
      body: string;
    }
  /** No answer. */
  | {
      type: "nothing";
      /** Why. */
      why: Silence;
    };

/** A fault rule. A condition that is left out is always met. The first rule that matches a call is used. */
export interface Rule {
  /** Only calls of this kind. */
  call?: CallKind;
  /** Only calls to this domain, in lower case. */
  domain?: string;
  /** Only calls about this output uid: from 1. */
  uid?: number;
  /** How many matching calls are answered normally first. Default `0`. */
  skip?: number;
  /** For how many calls the rule is used, at least 1; without limit if left out. */
  times?: number;
  /** From this time of the emulator's clock on, in ms since the epoch. Default `0`. */
  fromMs?: number;
  /** Before this time of the emulator's clock, in ms since the epoch. */
  untilMs?: number;
  /** The probability that a call matches, in percent: from 1 to 100. */
  chancePercent?: number;
  /** The effect on the calls. */
  effect: Effect;
}

/** Why there is no answer. */
export type Silence =
  /** The domain's name cannot be resolved. */
  | "dns"
  /** The connection is refused. */
  | "refused"
  /** The answer never arrives. */
  | "lost";

/** The start of a task after Create. */
export interface StartUp {
  /** Shortest and longest time until it runs, in ms. Default `[1000, 4000]`. */
  takesMs?: [number, number];
  /** Percentage of tasks that end abnormally instead. Default `0`. */
  failsPercent?: number;
  /** Percentage of tasks that never start and never end. Default `0`. */
  hangsPercent?: number;
}

/** The state of the emulated service. */
export interface State {
  /** The emulator's clock, in ms since the epoch. */
  nowMs: number;
  /** All tasks, including those that have ended. */
  tasks: Task[];
  /** All pairs of live tasks with the same output. */
  overlaps: Overlap[];
  /** Statistics of the calls. */
  stats: Stats;
}

/** Statistics of the calls. */
export interface Stats {
  /** Calls by kind. */
  calls: Partial<Record<CallKind, number>>;
  /** Calls by domain. */
  domains: Record<string, number>;
  /** Calls that were answered 429 because of the rate limit. */
  rateLimited: number;
  /** The most calls in any second, without presence checks. */
  mostInASecond: number;
}

/**
 * The tasks that a command applies to, selected by `taskId`, by `uid` or by both. In JSON, these are fields of the command.
 */
export type Target =
  | {
      /** The task with this id. */
      taskId: string;
      /** The tasks with this output uid. */
      uid?: number;
    }
  | {
      /** The task with this id. */
      taskId?: string;
      /** The tasks with this output uid. */
      uid: number;
    };

/** The true state of a task of the emulated service. Instants are in ms since the epoch, by the emulator's clock. */
export interface Task {
  /** The task id. */
  taskId: string;
  /** The instanceId of its Acquire. */
  instanceId: string;
  /** The RTC channel of its inputs; `null` if all of them are media files. */
  inputChannel: string | null;
  /** Its output channel; empty if it publishes to CDN addresses. */
  channel: string;
  /** Its output uid; 0 if it publishes to CDN addresses. */
  uid: number;
  /** The CDN addresses that it publishes to. */
  streamUrls: string[];
  /** Whether it is billed. */
  live: boolean;
  /** Whether it publishes its output. */
  running: boolean;
  /** How it ended, if it has. */
  ended: TaskEnd | null;
  /** When it was created. */
  createdMs: number;
  /** When it ended, if it has. */
  endedMs: number | null;
  /** The `sequenceId` of its last Update; `null` if there was none. */
  sequenceId: number | null;
  /** The `idleTimeout` of its current payload, in ms. */
  idleTimeoutMs: number;
}

/** How a task ended. */
export type TaskEnd =
  /** Its hosts were away for its `idleTimeout`. */
  | "idle"
  /** It ended abnormally. */
  | "failed"
  /** It was deleted. */
  | "stopped";

/** The changes that an Update may make. */
export type Updates =
  /**
   * The documented ones: added or removed `rtc` members of `audioInputs` and `videoInputs`, `region` of a video input,
   * `audioOption` and `videoOption` of an output.
   */
  | "documented"
  /** All, except the destination of an output. */
  | "any";
