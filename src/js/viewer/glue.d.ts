/** The exports of the viewer's WebAssembly. All arguments and results are numbers. */
export function initSync(options: { module: BufferSource | WebAssembly.Module }): void;

/**
 * The error with which the module failed to start, if it did. It is kept until the module is used: an import that throws would
 * break the page's whole bundle.
 */
export function startFailure(): unknown;

export class Failover {
  constructor(now: number);
  add(uid: number): void;
  /** Returns whether the module has such an option and value. */
  set(option: number, value: number): boolean;
  /** Returns whether the module has such a signal. */
  handle(now: number, signal: number, uid: number, a: number, b: number, c: number): boolean;
  poll(now: number): number;
  /** A field of the last output of `poll`, counted from 0. */
  field(at: number): number;
  /** The uid on screen; 0: none. */
  shown(): number;
  health(at: number): number;
  free(): void;
}
