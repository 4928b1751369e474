/** The types of the WebAssembly's exports. Parameters that end in `Json` come from `asJson`. */
import type { EnvCalls } from "./env.js";
import type {
  GroupStatus,
  LaneStatus,
  LaneUpdate,
  Meaning,
  Outcome,
  QuotaEstimate,
  RetrySchedules,
  ServiceNotification,
  TaskWarning,
  Violation,
} from "./types.js";

export function initSync(options: { module: BufferSource | WebAssembly.Module }): void;

/** Drives a supervisor or a group: `src/wasm/driver.rs`. */
export class Driver {
  private constructor();
  static supervisor(optionsJson: string, env: EnvCalls, now: number): Driver;
  static group(optionsJson: string, env: EnvCalls, now: number): Driver;
  static restoreSupervisor(snapshot: string, env: EnvCalls): Driver;
  static restoreGroup(snapshot: string, env: EnvCalls): Driver;
  advance(): Promise<number | Outcome | undefined>;
  run(): Promise<Outcome | undefined>;
  interrupt(): void;
  stop(now: number): void;
  checkNow(now: number): void;
  handleNotification(rawBody: Uint8Array, now: number): "new" | "duplicate" | "stale" | "foreign";
  update(servicesJson: string, now: number): LaneUpdate[];
  snapshot(): string;
  status(): LaneStatus | GroupStatus;
  warnings(): TaskWarning[];
  payload(): object | null;
  free(): void;
}

// The building blocks: `src/wasm/blocks.rs`, documented in `blocks.ts`.

export class RetryPolicy {
  constructor(overridesJson: string);
  nextDelay(failedJson: string, now: number): number | undefined;
  toJSON(): RetrySchedules;
  free(): void;
}

export class UidRing {
  constructor(uidsJson: string);
  readonly next: number | undefined;
  take(uid: number): void;
  release(uid: number): void;
  isHeld(uid: number): boolean;
  toJSON(): object;
  static fromJSON(json: string): UidRing;
  free(): void;
}

export class DomainFailover {
  constructor(areaJson: string, region: string | undefined, returnAfterMs: number);
  domain(now: number): string;
  succeeded(domain: string): void;
  failed(domain: string, failureJson: string, now: number): void;
  free(): void;
}

export class TokenBucket {
  constructor(limitsJson: string, now: number, reportsUse: boolean);
  ask(now: number, lane: number, callJson: string): number;
  used(now: number, lane: number): void;
  withdraw(lane: number): void;
  free(): void;
}

export function interpret(
  callJson: string,
  httpStatus: number | undefined,
  code: number | undefined,
  taskStatus: string | undefined,
  serviceStatus: string | undefined,
): Meaning;
export function estimateQuota(optionsJson: string): QuotaEstimate;
export function verifyNotification(
  secret: string,
  rawBody: Uint8Array,
  v1: string | undefined,
  v2: string | undefined,
): void;
export function parseNotification(rawBody: Uint8Array): ServiceNotification;
export function validateTask(
  servicesJson: string,
  instanceId: string | undefined,
): { errors: Violation[]; warnings: TaskWarning[] };
