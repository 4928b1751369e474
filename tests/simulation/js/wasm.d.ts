/** The exports of the simulation's WebAssembly module. */
declare module "*/simulation.js" {
  export function initSync(options: { module: BufferSource | WebAssembly.Module }): void;
  /** The digests of the seeds `first` to `last`, one line each. */
  export function goldenLines(first: number, last: number): string;
}
