/** What the viewer's WebAssembly exports: numbers in and out. */
export function initSync(options: { module: BufferSource | WebAssembly.Module }): void;

/** What was in the way of starting the module, if anything was: entries that may find no WebAssembly note it instead of throwing. */
export function startFailure(): unknown;

export class Failover {
  constructor(now: number);
  add(uid: number): void;
  /** Whether the module has such a setting, and such a value of it. */
  set(setting: number, value: number): boolean;
  /** Whether the module has such a signal. */
  handle(now: number, signal: number, uid: number, a: number, b: number, c: number): boolean;
  poll(now: number): number;
  /** What `poll` said last carries, from 0 on. */
  field(at: number): number;
  /** 0: none. */
  shown(): number;
  health(at: number): number;
  free(): void;
}
