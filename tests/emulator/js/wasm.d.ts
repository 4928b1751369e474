declare module "*_bg.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** What the emulator's WebAssembly exports: JSON text in and out. */
declare module "*/steadymix_emulator.js" {
  export default function load(options: { module_or_path: string | URL }): Promise<unknown>;
  export function initSync(options: { module: BufferSource | WebAssembly.Module }): void;
  export class Emulator {
    constructor(profile: string);
    handle(now: number, call: string): string;
    control(now: number, command: string): number;
    takeNotices(now: number): string;
    nextEventAt(): number | undefined;
    state(now: number): string;
  }
}
