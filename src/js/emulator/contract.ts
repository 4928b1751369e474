// Generated from the emulator's Rust types: STEADYMIX_GENERATE=1 cargo test -p steadymix-emulator typescript
/** What goes into the emulator and comes out of it. */

/** The kinds of calls: those for a task, and `presence`, which asks who is in a channel. */
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
  /** Who is in a channel. */
  | "presence";

/**
 * What an experimenter can do. A command that applies to nothing, such as the uid of no live task or a rule that no call can
 * match, is an error.
 */
export type Command =
  /** Adds a rule to the script of faults. */
  | {
      type: "addRule";
      /** The rule. */
      rule: Rule;
      /**
       * How long it lasts from now, in ms: from 1 to a year, for ever if left out. Not together with `untilMs` of the rule.
       */
      forMs?: number;
    }
  /** Forgets the script of faults. */
  | { type: "clearRules" }
  /** Live tasks die at once. */
  | ({
      type: "kill";
      /** Query goes on saying that they run for so long, in ms: at most a year. Default `0`. */
      reportLagMs?: number;
      /** Whether Query says 404 afterwards, in the place of their end. Default `false`. */
      forgotten?: boolean;
      /** The `stopReason` of the notification, and the `message` of Query's answer: `abnormal` if left out. */
      reason?: string;
    } & Target)
  /** Running tasks fail, and the service moves them. */
  | ({
      type: "fail";
      /** Whether they will run again. */
      recovers: boolean;
      /** As for `kill`. */
      reason?: string;
    } & Target)
  /** The hosts of an input channel leave, or come back. */
  | {
      type: "hosts";
      /** The input channel: a non-empty string. */
      channel: string;
      /** Whether they are there. */
      present: boolean;
    }
  /** Notifications come like this from now on. */
  | {
      type: "notifications";
      /** How they come; `null`: not at all. */
      profile: NotificationProfile | null;
    }
  /** Tasks start like this from now on. */
  | {
      type: "startUp";
      /** How they start. */
      startUp: StartUp;
    }
  /** A repeated Create is answered like this from now on. */
  | {
      type: "repeatCreate";
      /** The answer. */
      answer: RepeatCreate;
    };

/** A notification, to be posted to a webhook. */
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

/** What happens to the calls that a rule is about. */
export type Effect =
  /** It is answered like this, and not carried out. */
  | {
      type: "answer";
      /** The HTTP status: from 200 to 599. */
      status: number;
      /** `code` of the body; not together with `body`. */
      code?: number;
      /** The `Retry-After` header. */
      retryAfter?: string;
      /** The body, in the place of `{message, code}`. */
      body?: string;
    }
  /** It is carried out, but answered like this. */
  | {
      type: "performThenAnswer";
      /** The HTTP status: from 200 to 599. */
      status: number;
      /** `code` of the body. */
      code?: number;
    }
  /** It is carried out, but the answer is lost. */
  | { type: "performAndLose" }
  /** It is carried out late, and the answer is lost. */
  | {
      type: "performLate";
      /** How late, in ms: at most a year. */
      ms: number;
    }
  /** It is lost. */
  | { type: "lose" }
  /** It is carried out, and the answer is held up. */
  | {
      type: "delay";
      /** How long, in ms: at most a day. */
      ms: number;
    }
  /** The domain's name cannot be resolved. */
  | { type: "dns" }
  /** The connection is refused. */
  | { type: "refuse" }
  /** It is carried out, but the answer's body is cut off. */
  | { type: "garbage" }
  /** It is carried out, but the answer does not name the task. */
  | { type: "noTaskId" }
  /**
   * It is answered about another task than the one that was asked for, or started. Applies to calls that name a task, or
   * create one, while there is such another one.
   */
  | {
      type: "otherTask";
      /** Which task. */
      which: OtherTask;
      /** The HTTP status: from 200 to 599; the body names the other task whatever it is. Default `200`. */
      status?: number;
      /** Whether it is carried out nevertheless. Default `false`. */
      perform?: boolean;
    };

/** A call of the REST API. */
export interface IncomingCall {
  /** The domain that was asked. */
  domain: string;
  /** The HTTP method, in capital letters. */
  method: string;
  /** Path and query. */
  path: string;
  /** The `Authorization` header; `null`: none. Default `null`. */
  authorization?: string | null;
  /** The body: JSON text. Default `""`. */
  body?: string;
}

/** How notifications come. */
export interface NotificationProfile {
  /** What they are signed with: a non-empty string. Default `"secret"`. */
  secret?: string;
  /** Shortest and longest time on their way, in ms. Default `[100, 1500]`. */
  takesMs?: [number, number];
  /** Lost ones, in percent. Default `0`. */
  lostPercent?: number;
  /** Ones that come twice, in percent. Default `0`. */
  doubledPercent?: number;
  /** Ones that are held up by up to 20 s, and so come out of order, in percent. Default `0`. */
  latePercent?: number;
  /** Ones that name another task than the one that they are about, in percent. Default `0`. */
  misnamedPercent?: number;
}

/**
 * A task that a call is not about: of those that there are, the newest whose instanceId has most in common with the call's.
 */
export type OtherTask =
  /** One of the same App ID that has ended. */
  | "ended"
  /** One of the same App ID that lives: of an earlier launch, or of another lane. */
  | "live"
  /** Somebody else's: always the same id, which the service never shows otherwise. */
  | "foreign";

/** Live tasks that met on one uid of one channel, or on one CDN address, where they kick each other out. */
export interface Overlap {
  /** When, in ms since the epoch. */
  atMs: number;
  /** The output channel; empty if it was a CDN address. */
  channel: string;
  /** The output uid; 0 if it was a CDN address. */
  uid: number;
  /** The taskId of the one that was there. */
  older: string;
  /** The taskId of the one that came. */
  younger: string;
}

/**
 * How the emulated service behaves where nothing is scripted; every field has a default. Times are at most a year where
 * nothing else is said, percentages from 0 to 100.
 */
export interface Profile {
  /** All chance comes from it: an integer from 0 to 9007199254740991. Default `1`. */
  seed?: number;
  /**
   * The `Authorization` header that every call must carry: `Basic ` and `customerId:customerSecret` in base64. `null`: any
   * such pair. A call without it, or with another one, is answered 401. Default `null`.
   */
  authorization?: string | null;
  /**
   * Whether what only the newest reference refuses, though public programs send it, is refused too: Acquire without
   * `services`, streams without `rtcToken`, a video's `zOrder` below 2 or `rtcUid` 0, watermarks of less than 120 px,
   * `H265` to CDN addresses. Default `false`.
   */
  strict?: boolean;
  /** Calls in any one second, per App ID, at least 1; over it, 429. Default `10`. */
  callsPerSecond?: number;
  /** `Retry-After` of those 429s, in s; `null`: none. Default `null`. */
  retryAfterS?: number | null;
  /** Live tasks at the same time, per App ID, at least 1; over it, 429. Default `100`. */
  pcw?: number;
  /** Shortest and longest time to an answer, in ms: at most a day. Default `[20, 120]`. */
  answerMs?: [number, number];
  /** How a task comes from Create to running. */
  startUp?: StartUp;
  /**
   * What a Create is answered while a task with its instanceId lives. The documents do not settle it.
   * Default `"sameTask200"`.
   */
  repeatCreate?: RepeatCreate;
  /**
   * Which changes an Update may make. Any other one is answered 400, with a message that names the field.
   * Default `"documented"`.
   */
  updates?: Updates;
  /**
   * What Query, Update and Delete are answered with a builder token that did not start the task: 404 or 403.
   * Default `404`.
   */
  wrongTokenStatus?: number;
  /** Whether task statuses are numbers in the place of strings. Default `false`. */
  numericStatus?: boolean;
  /** How long an ended task is still answered for before it is 404, in ms. Default `60000`. */
  forgetAfterMs?: number;
  /** Shortest and longest time that the service takes to move a task that failed, in ms. Default `[20000, 80000]`. */
  migrationTakesMs?: [number, number];
  /**
   * A host that is in the channel is not shown, in percent of the presence checks; never more than twice in a row.
   * Default `0`.
   */
  presenceMissesPercent?: number;
  /** How notifications come; `null`: not at all. Default `null`. */
  notifications?: NotificationProfile | null;
}

/** What a Create is answered while a task with its instanceId lives. */
export type RepeatCreate =
  /** 200 with that task. */
  | "sameTask200"
  /** 201 with that task's id. */
  | "already201WithId"
  /** 201 without an id. */
  | "already201NoId"
  /** 409 without an id. */
  | "conflict409";

/** What comes of a call. */
export type Reply =
  /** An HTTP reply. */
  | {
      type: "answer";
      /** After how long, in ms of the emulator's time. */
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

/**
 * A line in the script of faults. What is left out holds for all calls, always. The first rule that applies to a call is the
 * one.
 */
export interface Rule {
  /** Only calls of this kind. */
  call?: CallKind;
  /** Only calls to this domain, in small letters. */
  domain?: string;
  /** Only calls about this output uid: from 1. */
  uid?: number;
  /** Lets this many calls through first. Default `0`. */
  skip?: number;
  /** Only for so many calls, at least 1. */
  times?: number;
  /** From this moment of the emulator's clock on, in ms since the epoch. Default `0`. */
  fromMs?: number;
  /** Before this moment of the emulator's clock, in ms since the epoch. */
  untilMs?: number;
  /** Only by this chance, in percent: from 1 to 100. */
  chancePercent?: number;
  /** What happens to them. */
  effect: Effect;
}

/** Why nothing comes back. */
export type Silence =
  /** The name cannot be resolved. */
  | "dns"
  /** The connection is refused. */
  | "refused"
  /** The answer never comes. */
  | "lost";

/** How a task comes from Create to running. */
export interface StartUp {
  /** Shortest and longest time, in ms. Default `[1000, 4000]`. */
  takesMs?: [number, number];
  /** Tasks that end abnormally instead, in percent. Default `0`. */
  failsPercent?: number;
  /** Tasks that never start, and stay there, in percent. Default `0`. */
  hangsPercent?: number;
}

/** Everything at one moment. */
export interface State {
  /** The emulator's clock, in ms since the epoch. */
  nowMs: number;
  /** Every task there ever was. */
  tasks: Task[];
  /** Live tasks that met on one uid of one channel, or on one CDN address. */
  overlaps: Overlap[];
  /** What came in. */
  stats: Stats;
}

/** What came in. */
export interface Stats {
  /** Calls of each kind. */
  calls: Partial<Record<CallKind, number>>;
  /** Calls to each domain. */
  domains: Record<string, number>;
  /** Calls answered 429 for their rate. */
  rateLimited: number;
  /** Most calls in any one second, presence checks aside. */
  mostInASecond: number;
}

/**
 * Which tasks a command is about, named by `taskId`, by `uid` or by both. In JSON these stand beside the command's fields.
 */
export type Target =
  | {
      /** The one with this id. */
      taskId: string;
      /** Those with this output uid. */
      uid?: number;
    }
  | {
      /** The one with this id. */
      taskId?: string;
      /** Those with this output uid. */
      uid: number;
    };

/** A task of the emulated service, as it really is. Instants are in ms since the epoch, by the emulator's clock. */
export interface Task {
  /** Its id. */
  taskId: string;
  /** The instanceId of its Acquire. */
  instanceId: string;
  /** The RTC channel of its inputs; `null`: they are media files. */
  inputChannel: string | null;
  /** Its output channel; empty if it publishes to CDN addresses. */
  channel: string;
  /** Its output uid; 0 if it publishes to CDN addresses. */
  uid: number;
  /** The CDN addresses that it publishes to. */
  streamUrls: string[];
  /** Whether it is billed. */
  live: boolean;
  /** Whether its stream can be seen. */
  running: boolean;
  /** How it ended, if it has. */
  ended: TaskEnd | null;
  /** When it was created. */
  createdMs: number;
  /** When it ended, if it has. */
  endedMs: number | null;
  /** The `sequenceId` of its last update; `null`: there was none. */
  sequenceId: number | null;
  /** The `idleTimeout` that it was started with, or updated to, in ms. */
  idleTimeoutMs: number;
}

/** How a task ended. */
export type TaskEnd =
  /** By itself: its hosts were away for its `idleTimeout`. */
  | "idle"
  /** Abnormally. */
  | "failed"
  /** By a Delete. */
  | "stopped";

/** Which changes an Update may make. */
export type Updates =
  /**
   * Those that the service documents: `rtc` members of `audioInputs` and `videoInputs` come and go, `region` of a video
   * input, `audioOption` and `videoOption` of an output.
   */
  | "documented"
  /** Any, besides where the output goes. */
  | "any";
