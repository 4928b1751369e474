/** What the viewer's WebAssembly exports: numbers in and out. */
export function initSync(options: { module: BufferSource | WebAssembly.Module }): void;

/** What was in the way of starting the module, if anything was: entries that may find no WebAssembly note it instead of throwing. */
export function startFailure(): unknown;

export class Failover {
  constructor(now: number);
  /** After the settings' places the uid of another output has its own. */
  set(at: number, value: number): void;
  handle(now: number, signal: number, uid: number, a: number, b: number, c: number): void;
  poll(now: number): number;
  /** From 0 on what `poll` said last carries, 6: the uid that is shown, from 7 on how each output is. */
  field(at: number): number;
  free(): void;
}
