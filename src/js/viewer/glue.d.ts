/** What the viewer's WebAssembly exports: numbers in and out. */
export function initSync(options: { module: BufferSource | WebAssembly.Module }): void;

export class Failover {
  constructor(uids: Uint32Array, settings: Float64Array, now: number);
  handle(now: number, signal: number, uid: number, a: number, b: number): void;
  poll(now: number): number;
  field(at: number): number;
  health(at: number): number;
  shown(): number;
  free(): void;
}
