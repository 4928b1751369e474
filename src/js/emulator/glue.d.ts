export function initSync(options: { module: BufferSource | WebAssembly.Module }): void;

/** The exports of the emulator's WebAssembly module. Inputs and outputs are JSON strings. */
export class Emulator {
  constructor(profile: string);
  handle(now: number, call: string): string;
  control(now: number, command: string): number;
  takeNotifications(now: number): string;
  nextEventAt(): number | undefined;
  state(now: number): string;
}
