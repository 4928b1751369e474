export function initSync(options: { module: BufferSource | WebAssembly.Module }): void;

/** What the emulator's WebAssembly exports: JSON text in and out. */
export class Emulator {
  constructor(profile: string);
  handle(now: number, call: string): string;
  control(now: number, command: string): number;
  takeNotifications(now: number): string;
  nextEventAt(): number | undefined;
  state(now: number): string;
}
