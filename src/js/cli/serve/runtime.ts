/** workerd as a child process that never outlives this one. */
import { type ChildProcess, spawn } from "node:child_process";
import { request } from "node:http";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** workerd listens within this time, or has failed to start. */
const START_TIMEOUT_MS = 30_000;
const CONTROL_TIMEOUT_MS = 20_000;

/**
 * Runs a program and kills it when the standard input ends, that is when this process has ended in any way. The descriptor 3 is
 * workerd's for its control messages.
 */
const GUARD =
  '"$@" 4<&- </dev/null & program=$!\n{ read -r _ <&4; kill -9 $program; } 3>&- & guard=$!\nwait $program; code=$?\nkill $guard\nexit $code';

export interface RuntimeOptions {
  program: string;
  args: string[];
  /** Its working folder, in which its control socket is. */
  folder: string;
  env: NodeJS.ProcessEnv;
  onLine: (line: string) => unknown;
}

export class Runtime {
  readonly #child: ChildProcess;
  /** Resolves with the reason of its end. */
  readonly ended: Promise<string>;
  /** Resolves with the port of the server; rejects if it has ended or does not listen in time. */
  readonly listening: Promise<number>;

  constructor({ program, args, folder, env, onLine }: RuntimeOptions) {
    const child = spawn("sh", ["-c", `exec 4<&0\n${GUARD}`, "sh", program, ...args], {
      cwd: folder,
      env,
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      // A group of its own: Ctrl-C in the terminal reaches the command only, which ends the group.
      detached: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on("line", onLine);
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => {
        // The shell reports a signal of workerd as 128 and its number.
        resolve(signal ?? (code !== null && code > 128 ? `signal ${code - 128}` : `exit code ${code}`));
        this.kill();
      });
    });
    this.listening = this.#listening();
    this.listening.catch(() => {});
  }

  /** Its state is on disk, so it needs no time to end. */
  async end(): Promise<void> {
    this.kill();
    await this.ended;
  }

  kill(): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }

  #listening(): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("workerd does not listen")), START_TIMEOUT_MS);
      void this.ended.then((reason) => reject(new Error(`workerd ended with ${reason}`)));
      const messages = createInterface(this.#child.stdio[3] as Readable);
      let port: number | undefined;
      messages.on("line", (line) => {
        const { event, socket, ...message } = JSON.parse(line) as { event: string; socket: string; port: number };
        if (event !== "listen") return;
        if (socket === "http") port = message.port;
        // The last one in the configuration.
        if (socket !== "control") return;
        clearTimeout(timer);
        resolve(port ?? 0);
      });
    });
  }
}

/** Whether a process listens on this socket. */
export function isListening(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once("error", () => resolve(false));
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
  });
}

/** Asks the Worker's entrypoint for this command. Returns the JSON of the answer. */
export function ask<Value>(socketPath: string, path: string): Promise<Value> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, timeout: CONTROL_TIMEOUT_MS }, async (answer) => {
      try {
        let body = "";
        for await (const chunk of answer.setEncoding("utf8")) body += chunk;
        resolve(JSON.parse(body));
      } catch (error) {
        reject(error);
      }
    });
    asked.once("error", reject);
    asked.once("timeout", () => asked.destroy(new Error(`no answer within ${CONTROL_TIMEOUT_MS / 1000} s`)));
    asked.end();
  });
}
