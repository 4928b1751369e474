/** `steadymix doctor`: not here yet. */
import type { Io } from "../command.js";

export const summary = "checks an account and its settings (arrives with a later version)";
export const help = `steadymix doctor arrives with a later version.`;

export async function run(_: string[], io: Io): Promise<number> {
  io.warn(help);
  return 2;
}
