/** `steadymix serve` as a process of its own, in an empty folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = join(import.meta.dirname, "..", "..", "dist", "cli", "main.js");
export const KEY = "demonstration-key";
const READY_MS = 60_000;

export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "steadymix-serve-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

export class Command {
  readonly child: ChildProcess;
  readonly exited: Promise<number | NodeJS.Signals>;
  output = "";

  constructor(folder: string, args: string[], env: NodeJS.ProcessEnv = {}) {
    // Settings of the machine must not reach the server.
    const { PATH, HOME } = process.env;
    this.child = spawn(process.execPath, [PROGRAM, "serve", ...args], {
      cwd: folder,
      env: { PATH, HOME, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on("data", (chunk) => (this.output += chunk));
    this.exited = once(this.child, "close").then(([code, signal]) => code ?? signal);
  }

  /** The URL, once the server answers. */
  async ready(): Promise<string> {
    await until(async () => /The data is in/.test(this.output) || this.child.exitCode !== null, "ready", READY_MS);
    const url = /(http:\/\/\S+)\/console\//.exec(this.output)?.[1];
    if (url === undefined) throw new Error(this.output);
    return url;
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | NodeJS.Signals> {
    this.child.kill(signal);
    return this.exited;
  }

  /** The process ids of its runtime: the programs whose configuration is in this folder. */
  static runtimesIn(folder: string): number[] {
    return readdirSync("/proc").flatMap((pid) => {
      try {
        const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return /workerd$/.test(program) && args.some((arg) => arg.startsWith(folder)) ? [Number(pid)] : [];
      } catch {
        return [];
      }
    });
  }
}

/** Calls a route as an operator. */
// biome-ignore lint/suspicious/noExplicitAny: tests assert its type
export async function ask(url: string, method: string, path: string, body?: unknown): Promise<any> {
  const answer = await fetch(`${url}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer.json();
}

/** The updates that a viewer gets by server-sent events, until `stop`. */
export function updatesOf(url: string, id: string, token: string, stop: AbortSignal): { onAir: number | undefined }[] {
  const updates: { onAir: number | undefined }[] = [];
  const read = async () => {
    const answer = await fetch(`${url}/api/broadcasts/${id}/watch?token=${token}`, {
      headers: { accept: "text/event-stream" },
      signal: stop,
    });
    let text = "";
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      updates.length = 0;
      // The last line may be incomplete.
      for (const [, json = ""] of text.matchAll(/^data: ?(.+)\n/gm))
        updates.push({ onAir: JSON.parse(json).onAir?.uid });
    }
  };
  read().catch(() => {});
  return updates;
}

/** Waits until the condition holds. */
export async function until(is: () => Promise<boolean>, what: string, patienceMs = 30_000): Promise<void> {
  for (const end = Date.now() + patienceMs; Date.now() < end; ) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it did not come to that: ${what}`);
}
