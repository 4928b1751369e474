/** What the simulation's WebAssembly exports. */
declare module "*/simulation.js" {
  export function initSync(options: { module: BufferSource | WebAssembly.Module }): void;
  /** The digests of these seeds, from the first to the last, a line for each. */
  export function goldenLines(first: number, last: number): string;
}
