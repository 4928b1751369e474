/** The server: workerd with the Worker, started again whenever it ends, and a watch over the alarms of its broadcasts. */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../flags.js";
import { ask, Runtime, type RuntimeOptions } from "./runtime.js";

/** The delays before workerd is started again: they double from the first to the second. */
const RESTART_DELAYS_MS = [100, 10_000] as const;
/** After running for this long, the next restart is immediate again. */
const STABLE_MS = 60_000;
const WATCH_INTERVAL_MS = 30_000;
/** An alarm that is later than this is lost: the runtime has forgotten it, or has given up on it. */
const LATE_MS = 10_000;
/** So many missed answers in a row, and workerd is hung. */
const MAX_MISSED = 3;
/** After kill -9, an alarm may come too early: workerd repeats it at the right time, and says so. */
const NOISE = /NOSENTRY SQLite alarm handler canceled/;

export interface ServerOptions {
  /** What to start; the port is 0 for any free port. */
  runtime: (port: number) => Omit<RuntimeOptions, "onLine">;
  port: number;
  controlSocket: string;
  log: (line: string) => void;
  stop: AbortSignal;
  /** Called once the server answers. */
  onReady: (port: number) => void;
}

interface Health {
  status?: string;
  error?: { message: string };
}

/** Runs the server until `stop`. Rejects if it cannot be started the first time. */
export async function runServer(options: ServerOptions): Promise<void> {
  const { stop, log } = options;
  let { port } = options;
  let delayMs: number = RESTART_DELAYS_MS[0];
  for (let isFirst = true; !stop.aborted; isFirst = false) {
    const startedAt = Date.now();
    const runtime = new Runtime({ ...options.runtime(port), onLine: (line) => NOISE.test(line) || log(line) });
    const end = () => runtime.kill();
    stop.addEventListener("abort", end);
    try {
      port = await runtime.listening;
      if (isFirst) await checkHealth(options.controlSocket);
      if (isFirst) options.onReady(port);
      await watch(runtime, options);
    } catch (error) {
      if (stop.aborted) return;
      if (isFirst) throw error;
      log(`steadymix: ${messageOf(error)}`);
    } finally {
      stop.removeEventListener("abort", end);
      await runtime.end();
    }
    if (stop.aborted) return;
    if (Date.now() - startedAt > STABLE_MS) delayMs = RESTART_DELAYS_MS[0];
    log(`steadymix: workerd ended with ${await runtime.ended}; it is started again in ${delayMs / 1000} s`);
    await sleep(delayMs, undefined, { signal: stop }).catch(() => {});
    delayMs = Math.min(2 * delayMs, RESTART_DELAYS_MS[1]);
  }
}

/** Throws if a setting is invalid, with the Worker's own words. */
async function checkHealth(socket: string): Promise<void> {
  const { status, error } = await ask<Health>(socket, "/health");
  if (status !== "ok") throw new Error(error?.message ?? "the Worker does not answer");
}

/** Wakes all broadcasts once, then those whose alarm is lost, until workerd ends. */
async function watch(runtime: Runtime, { controlSocket, log }: ServerOptions): Promise<void> {
  const isOver = new AbortController();
  void runtime.ended.then(() => isOver.abort());
  let missed = 0;
  for (let isFirst = true; !isOver.signal.aborted; isFirst = false) {
    try {
      const { woken, failed } = await ask<{ woken: string[]; failed: string[] }>(
        controlSocket,
        isFirst ? "/wake" : `/wake?lateMs=${LATE_MS}`,
      );
      missed = 0;
      if (woken.length > 0 && !isFirst) log(`steadymix: woke ${woken.join(", ")}, whose alarm was lost`);
      if (failed.length > 0) log(`steadymix: could not wake ${failed.join(", ")}`);
    } catch (error) {
      if (isOver.signal.aborted) return;
      missed += 1;
      log(`steadymix: workerd does not answer the command: ${messageOf(error)}`);
      if (missed === MAX_MISSED) return;
    }
    await sleep(WATCH_INTERVAL_MS, undefined, { signal: isOver.signal }).catch(() => {});
  }
}
