/** The simulation of the page “Try it here”: a redundancy group and an emulated service. The view is in `TryIt.vue`. */
import { type GroupStatus, type LaneState, type OnAir, RedundancyGroup, type SteadymixEvent } from "steadymix";
import {
  type Command,
  Emulator,
  FAULTS,
  type Fault,
  inputChannelsOf,
  SAMPLE_LANES,
  sampleServices,
  type Task,
} from "steadymix/emulator";

/** Faults that `FAULTS` lacks. */
export const OWN_FAULTS = ["killPrimary", "killBackup", "createFails", "networkLost", "notificationsLost"] as const;
export type FaultName = Fault["name"] | (typeof OWN_FAULTS)[number];

/** How long faults last that do not end by themselves, in simulated ms. */
export const FAULT_MS = 60_000;
/** The hosts may be away this long, in s. Shorter than usual, because the reader waits for it. */
const IDLE_TIMEOUT_S = 60;
/** Shorter than the default of two minutes, because the reader waits for it. */
const MONITOR_INTERVAL_MS = 30_000;
const NOTIFICATIONS = { secret: "secret-of-this-page" };
const POLL_INTERVAL_MS = 50;
const MAX_ENTRIES = 200;
/** The history of a lane that is kept, in simulated ms. */
export const HISTORY_MS = 300_000;

/** A line of the timeline. `atMs` is simulated time since the start. */
export interface Entry {
  id: number;
  atMs: number;
  what:
    | { type: "event"; event: SteadymixEvent }
    | { type: "fault"; name: FaultName; isApplied: boolean }
    | { type: "cleared" }
    | { type: "hidden" };
}

/** A span of a lane's history, in simulated ms since the start. */
export interface Span {
  state: LaneState;
  isOnAir: boolean;
  fromMs: number;
  toMs: number;
}

export interface LaneView {
  name: string;
  state: LaneState;
  uid: number | null;
  generation: number;
  isOnAir: boolean;
  history: Span[];
}

export type Phase = "idle" | "running" | "stopping" | "ended";

/** What the page shows. */
export interface View {
  phase: Phase;
  /** By the emulator's clock, in ms since the epoch. */
  startedAt: number;
  /** Simulated time since the start. */
  elapsedMs: number;
  onAir: OnAir | null;
  /** How long the output on air has had no stream, in simulated ms; 0 if it has one. */
  noStreamMs: number;
  lanes: LaneView[];
  /** All tasks of the emulator, the newest first. */
  tasks: Task[];
  calls: number;
  mostInASecond: number;
  overlaps: number;
  /** The newest first. */
  entries: Entry[];
}

export const EMPTY: View = {
  phase: "idle",
  startedAt: 0,
  elapsedMs: 0,
  onAir: null,
  noStreamMs: 0,
  lanes: SAMPLE_LANES.map(({ name }) => {
    return { name, state: "waiting", uid: null, generation: 0, isOnAir: false, history: [] };
  }),
  tasks: [],
  calls: 0,
  mostInASecond: 0,
  overlaps: 0,
  entries: [],
};

/** One broadcast, from its start to its end. */
export class Simulation {
  readonly #emulator: Emulator;
  readonly #group: RedundancyGroup;
  readonly #startedAt: number;
  readonly #poll: ReturnType<typeof setInterval>;
  readonly #histories = new Map<string, Span[]>(SAMPLE_LANES.map(({ name }) => [name, []]));
  /** Resolves at the end of the broadcast, or when it is disposed. */
  readonly ended: Promise<void>;
  #entries: Entry[] = [];
  #phase: Phase = "running";
  #nextId = 0;
  #endedMs: number | undefined;
  #noStreamSinceMs: number | undefined;
  #networkLostUntilMs = 0;
  #lastStatus: GroupStatus | undefined;

  /** `speed` is simulated time relative to real time. `onEvent` is called after each event. */
  constructor(speed: number, onEvent: (event: SteadymixEvent) => void = () => {}) {
    const emulator = new Emulator({ notifications: NOTIFICATIONS }, speed);
    this.#emulator = emulator;
    this.#startedAt = emulator.now();
    this.#group = new RedundancyGroup(
      {
        appId: "try-it",
        instanceId: "try-it",
        services: sampleServices(IDLE_TIMEOUT_S),
        lanes: SAMPLE_LANES,
        policy: { monitorIntervalMs: MONITOR_INTERVAL_MS },
      },
      {
        customerId: "id",
        customerSecret: "secret",
        notificationSecret: NOTIFICATIONS.secret,
        rtcToken: (uid) => `token-of-${uid}`,
        fetch: emulator.fetch,
        now: () => emulator.now(),
        timeScale: speed,
        onEvent: (event) => {
          this.#add({ type: "event", event }, event.at - this.#startedAt);
          onEvent(event);
        },
      },
    );
    this.#poll = setInterval(() => this.#tick(), POLL_INTERVAL_MS);
    this.ended = this.#group.run().then(
      () => this.#end(),
      // Disposed.
      () => this.#end(),
    );
  }

  /** Injects a fault. Returns whether it applies now: without a task on air, some do not. */
  break(name: FaultName): boolean {
    const commands = this.#phase === "running" ? this.#commands(name) : [];
    const isApplied = commands.length > 0 && commands.every((command) => this.#control(command));
    if (isApplied && name === "networkLost") this.#networkLostUntilMs = this.#elapsed() + FAULT_MS;
    this.#add({ type: "fault", name, isApplied });
    return isApplied;
  }

  /** Ends all faults, and brings the hosts back. */
  clearFaults(): void {
    if (this.#endedMs !== undefined) return;
    const channels = inputChannelsOf(this.#emulator.state().tasks);
    const hosts = channels.map((channel): Command => ({ type: "hosts", channel, present: true }));
    const notifications: Command = { type: "notifications", profile: NOTIFICATIONS };
    for (const command of [{ type: "clearRules" } as const, notifications, ...hosts]) this.#control(command);
    this.#networkLostUntilMs = 0;
    this.#add({ type: "cleared" });
  }

  /** Deletes the tasks and ends. */
  stop(): void {
    if (this.#phase !== "running") return;
    this.#phase = "stopping";
    this.#group.stop();
  }

  /** Ends at once, without deleting the tasks. `isHidden`: because the page is in the background. */
  dispose(isHidden = false): void {
    if (this.#endedMs !== undefined) return;
    if (isHidden) this.#add({ type: "hidden" });
    this.#end();
    this.#group.dispose();
  }

  view(): View {
    const elapsedMs = this.#elapsed();
    const { tasks, stats, overlaps } = this.#emulator.state();
    const status = this.#status();
    const onAir = status?.onAir ?? null;
    return {
      phase: this.#phase,
      startedAt: this.#startedAt,
      elapsedMs,
      onAir,
      noStreamMs: this.#noStreamSinceMs === undefined ? 0 : elapsedMs - this.#noStreamSinceMs,
      lanes: (status?.lanes ?? EMPTY.lanes).map(({ name, state, uid, generation }) => {
        const history = this.#histories.get(name) ?? [];
        return { name, state, uid, generation, isOnAir: onAir?.lane === name, history: [...history] };
      }),
      tasks: tasks.toReversed(),
      calls: Object.values(stats.calls).reduce((sum, count) => sum + count, 0),
      mostInASecond: stats.mostInASecond,
      overlaps: overlaps.length,
      entries: this.#entries,
    };
  }

  #elapsed(): number {
    return this.#endedMs ?? this.#emulator.now() - this.#startedAt;
  }

  /** Once disposed, the last one. */
  #status(): GroupStatus | undefined {
    try {
      this.#lastStatus = this.#group.status();
    } catch {
      // Disposed.
    }
    return this.#lastStatus;
  }

  #onAirTask(): Task | undefined {
    const onAir = this.#status()?.onAir;
    return this.#emulator.state().tasks.find(({ live, uid }) => live && uid === onAir?.uid);
  }

  #commands(name: FaultName): Command[] {
    const { tasks } = this.#emulator.state();
    const addRule = (rule: Extract<Command, { type: "addRule" }>["rule"]): Command[] => {
      return [{ type: "addRule", rule, forMs: FAULT_MS }];
    };
    switch (name) {
      case "killPrimary":
      case "killBackup": {
        const [primary, backup] = SAMPLE_LANES;
        const uids = (name === "killPrimary" ? primary : backup)?.uids ?? [];
        const live = tasks.filter((task) => task.live && uids.includes(task.uid));
        return live.map(({ taskId }) => ({ type: "kill", taskId }));
      }
      case "createFails":
        return addRule({ call: "create", effect: { type: "answer", status: 503 } });
      case "networkLost":
        return addRule({ effect: { type: "lose" } });
      case "notificationsLost":
        return [{ type: "notifications", profile: null }];
      default: {
        const fault = FAULTS.find((fault) => fault.name === name);
        const onAir = this.#onAirTask();
        const inputChannels = inputChannelsOf(tasks.filter(({ live }) => live));
        if (!fault || (fault.kills && !onAir)) return [];
        return fault.commands({ onAir: { taskId: onAir?.taskId ?? "" }, inputChannels }, FAULT_MS);
      }
    }
  }

  /** Whether the command applied to something. */
  #control(command: Command): boolean {
    try {
      this.#emulator.control(command);
      return true;
    } catch {
      return false;
    }
  }

  #tick(): void {
    for (const { body, signature, signatureV2 } of this.#emulator.takeNotifications()) {
      if (this.#elapsed() < this.#networkLostUntilMs) continue;
      this.#group.handleNotification(body, { "agora-signature": signature, "agora-signature-v2": signatureV2 });
    }
    this.#record();
  }

  #record(): void {
    const status = this.#status();
    if (!status) return;
    const nowMs = this.#elapsed();
    for (const { name, state } of status.lanes) {
      const history = this.#histories.get(name);
      if (!history) continue;
      const isOnAir = status.onAir?.lane === name;
      const last = history.at(-1);
      if (last) last.toMs = nowMs;
      if (last?.state !== state || last.isOnAir !== isOnAir)
        history.push({ state, isOnAir, fromMs: nowMs, toMs: nowMs });
      while (history[0] && history[0].toMs < nowMs - HISTORY_MS) history.shift();
    }
    const hasStream = status.onAir === null || this.#onAirTask()?.running === true;
    this.#noStreamSinceMs = hasStream ? undefined : (this.#noStreamSinceMs ?? nowMs);
  }

  #add(what: Entry["what"], atMs = this.#elapsed()): void {
    this.#entries = [{ id: this.#nextId, atMs, what }, ...this.#entries].slice(0, MAX_ENTRIES);
    this.#nextId += 1;
  }

  #end(): void {
    if (this.#endedMs !== undefined) return;
    this.#record();
    clearInterval(this.#poll);
    this.#endedMs = this.#elapsed();
    this.#phase = "ended";
  }
}
