import { Failover as Machine } from "./glue.js";
import type { FailoverSettings, Health, Kind, OutputHealth, Signal, Step, SwitchReason, Uid } from "./types.js";

const STATES = ["stopped", "starting", "decoding", "frozen", "failed"];
const LEFT = ["quit", "timedOut", "becameAudience", "unknown"];
const CONNECTIONS = ["reconnecting", "connected", "closed"];
const HEALTH: Health[] = ["absent", "available", "starting", "playing", "frozen", "muted", "failed"];
const STANDBY = ["hot", "probe", "cold"];
const REASONS: SwitchReason[] = [
  "left",
  "unpublished",
  "frozen",
  "dead",
  "muted",
  "audioLost",
  "failed",
  "notStarted",
  "onAir",
];

/** Which output a viewer watches: only decides. Times are any clock in ms that does not go back. */
export class Failover {
  readonly #machine: Machine;
  readonly #uids: readonly Uid[];

  /** The outputs in the order of preference. */
  constructor(uids: readonly Uid[], settings: FailoverSettings, now: number) {
    const times = [
      settings.frozenMs,
      settings.congestedMs,
      settings.badNetworkMs,
      settings.mutedMs,
      settings.audioMs,
      settings.frameGapMs,
      settings.startingMs,
      settings.penaltyMs,
      settings.dwellMs,
      settings.settleMs,
      settings.bothDownMs,
      settings.falseAlarmMs,
      settings.failBackMs,
    ];
    check(uids, settings, times);
    this.#uids = [...uids];
    const standby = STANDBY.indexOf(settings.standby ?? "hot");
    this.#machine = new Machine(
      Uint32Array.from(uids),
      Float64Array.from([standby, ...times.map((ms) => ms ?? Number.NaN)]),
      now,
    );
  }

  /** The output that is shown. */
  get shown(): Uid | undefined {
    return this.#machine.shown() || undefined;
  }

  /** How each output was at the last `handle` or `poll`, in the order of preference. */
  get outputs(): OutputHealth[] {
    return this.#uids.map((uid, at) => ({ uid, health: HEALTH[this.#machine.health(at)] ?? "absent" }));
  }

  /** Takes what the SDK tells. Poll afterwards. */
  handle(now: number, signal: Signal): void {
    const [number, uid, a, b] = encode(signal);
    this.#machine.handle(now, number, uid, a, b);
  }

  /** What to do next: carry it out, and poll again, until it says to wait. */
  poll(now: number): Step {
    const number = this.#machine.poll(now);
    const field = (at: number) => this.#machine.field(at);
    const kind = (): Kind => (field(1) === 1 ? "video" : "audio");
    const reason = (at: number) => REASONS[field(at)] ?? "failed";
    switch (number) {
      case 1:
        return { type: "subscribe", uid: field(0), kind: kind() };
      case 2:
        return { type: "unsubscribe", uid: field(0), kind: kind() };
      case 3:
        return { type: "show", uid: field(0) };
      case 4:
        return { type: "tell", event: { type: "degraded", uid: field(0), reason: reason(1) } };
      case 5:
        return { type: "tell", event: { type: "recovered", uid: field(0) } };
      case 6: {
        const [detectMs, switchMs, outageMs] = [field(3), field(4), field(5)];
        const event = { type: "switched", from: field(0), to: field(1), reason: reason(2) } as const;
        return { type: "tell", event: { ...event, detectMs, switchMs, outageMs } };
      }
      case 7:
        return { type: "tell", event: { type: "failedBack", from: field(0), to: field(1) } };
      case 8:
        return { type: "tell", event: { type: "falseAlarm", uid: field(0) } };
      case 9:
        return { type: "tell", event: { type: "bothDown" } };
      case 10:
        return { type: "tell", event: { type: "unplayable", uid: field(0), kind: kind() } };
      case 11:
        return { type: "tell", event: { type: "closed" } };
      default: {
        const until = field(0);
        return { type: "wait", until: Number.isNaN(until) ? undefined : until };
      }
    }
  }

  /** Gives its memory back at once; it must not be used afterwards. */
  free(): void {
    this.#machine.free();
  }
}

function encode(signal: Signal): [signal: number, uid: Uid, a: number, b: number] {
  const kind = "kind" in signal && signal.kind === "video" ? 1 : 0;
  switch (signal.type) {
    case "joined":
      return [0, signal.uid, 0, 0];
    case "left":
      return [1, signal.uid, LEFT.indexOf(signal.how), 0];
    case "published":
      return [2, signal.uid, kind, 0];
    case "unpublished":
      return [3, signal.uid, kind, 0];
    case "muted":
      return [4, signal.uid, kind, signal.muted ? 1 : 0];
    case "state":
      return [5, signal.uid, kind, STATES.indexOf(signal.state) | (Math.min(signal.reason ?? 0, 15) << 4)];
    case "frame":
      return [6, signal.uid, 0, 0];
    case "progress":
      return [7, signal.uid, kind, signal.advanced ? 1 : 0];
    case "subscribeFailed":
      return [8, signal.uid, kind, 0];
    case "decodeFailed":
      return [9, signal.uid, 0, 0];
    case "connection":
      return [10, 0, CONNECTIONS.indexOf(signal.state), 0];
    case "mediaPath":
      return [11, 0, signal.whole ? 1 : 0, 0];
    case "badNetwork":
      return [12, 0, signal.bad ? 1 : 0, 0];
    case "visible":
      return [13, 0, signal.visible ? 1 : 0, 0];
    case "onAir":
      return [14, signal.uid, 0, 0];
  }
}

function check(uids: readonly Uid[], settings: FailoverSettings, times: (number | undefined)[]): void {
  const isUid = (uid: Uid) => Number.isInteger(uid) && uid >= 1 && uid <= 0xffff_ffff;
  if (uids.length < 2 || uids.length > 16 || !uids.every(isUid) || new Set(uids).size !== uids.length) {
    throw invalid("uids", uids, "a list of 2 to 16 distinct uids from 1 to 4294967295");
  }
  if (settings.standby !== undefined && !STANDBY.includes(settings.standby)) {
    throw invalid("standby", settings.standby, STANDBY.join(" or "));
  }
  const wrong = times.find((ms) => ms !== undefined && !(ms >= 0 && ms <= 86_400_000));
  if (wrong !== undefined) {
    const name = Object.entries(settings).find(([, value]) => Object.is(value, wrong))?.[0] ?? "settings";
    throw invalid(name, wrong, "from 0 to 86400000 ms");
  }
}

function invalid(field: string, value: unknown, allowed: string): Error {
  const error = new Error(`${field} is ${JSON.stringify(value)}, but must be ${allowed}`);
  return Object.assign(error, { name: "SteadymixError", code: "INVALID_CONFIG", field, value: String(value), allowed });
}
