/** Measures the core's decisions through WebAssembly, and the overhead of libraries that retry calls. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfiguredRetryStrategy } from "@smithy/util-retry";
import { ExponentialBackoff, handleAll, retry } from "cockatiel";
import { backOff } from "exponential-backoff";
import CircuitBreaker from "opossum";
import pRetry from "p-retry";
import { interpret, RetryPolicy, Supervisor, TokenBucket, UidRing } from "steadymix";
import { Failover } from "steadymix/viewer";
import {
  checkObject,
  checkText,
  FailoverOfObjects,
  initSync,
  interpretAsObject,
  interpretAsText,
} from "../../target/build/release/objects-small/objects.js";
import { showServices } from "../emulator/js/payload.ts";
import { root } from "../viewer/browser.ts";
import { viewerWithoutWasm } from "../viewer/withoutWasm.ts";
import { timed, timedAsync } from "./timed.ts";

export interface Row {
  what: string;
  ns: number;
}

/** Measures the building blocks and a supervisor's Query. */
export async function ours(): Promise<Row[]> {
  const policy = new RetryPolicy();
  const ring = new UidRing([9001, 9002]);
  const bucket = new TokenBucket({ callsPerSecond: 10_000, burst: 10_000 }, Date.now());
  initSync({ module: readFileSync(join(root, "target", "build", "release", "objects-small", "objects_bg.wasm")) });
  const { Failover: WithoutWasm } = await viewerWithoutWasm();
  const turn = await monitoring();
  const payload = showServices();
  return [
    {
      what: "interpret: JSON in, an object out by serde-wasm-bindgen",
      ns: timed(() => interpret("query", 200, undefined, "IN_PROGRESS")),
    },
    {
      what: "the same, JSON out",
      ns: timed(() => JSON.parse(interpretAsText(JSON.stringify("query") as "query", 200, undefined, "IN_PROGRESS"))),
    },
    {
      what: "the same, serde-wasm-bindgen both ways",
      ns: timed(() => interpretAsObject("query", 200, undefined, "IN_PROGRESS")),
    },
    { what: "a payload is checked: JSON in", ns: timed(() => checkText(JSON.stringify(payload))) },
    { what: "the same, serde-wasm-bindgen in", ns: timed(() => checkObject(payload)) },
    {
      what: "RetryPolicy.nextDelay: JSON in, a number out",
      ns: timed(() => policy.nextDelay({ call: "create", reason: "serverError", failures: 1 })),
    },
    {
      what: "both: interpret a failed call and plan its retry",
      ns: timed(() => {
        interpret("create", 503);
        return policy.nextDelay({ call: "create", reason: "serverError", failures: 1 });
      }),
    },
    { what: "UidRing.next", ns: timed(() => ring.next) },
    { what: "TokenBucket.ask", ns: timed(() => bucket.ask(Date.now(), 1, "query")) },
    {
      what: "a viewer's frame: numbers both ways",
      ns: timed(watching((uids) => new Failover(uids, {}, 0))),
    },
    { what: "the same without WebAssembly", ns: timed(watching((uids) => new WithoutWasm(uids, {}, 0))) },
    {
      what: "the same, objects both ways by serde-wasm-bindgen",
      ns: timed(watching((uids) => new FailoverOfObjects(Uint32Array.from(uids), 0))),
    },
    { what: "a supervisor's Query: sent, answered, handled, the next one planned", ns: await timedAsync(turn) },
  ];
}

/** The overhead of wrapping a call that succeeds at once. */
export async function theirs(): Promise<Row[]> {
  const call = async () => 1;
  const policy = retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() });
  const breaker = new CircuitBreaker(call, { timeout: false });
  const strategy = new ConfiguredRetryStrategy(3, 100);
  return [
    { what: "no library", ns: await timedAsync(call) },
    {
      what: "@smithy/util-retry",
      ns: await timedAsync(async () => {
        const token = await strategy.acquireInitialRetryToken("");
        const result = await call();
        strategy.recordSuccess(token);
        return result;
      }),
    },
    { what: "cockatiel", ns: await timedAsync(() => policy.execute(call)) },
    { what: "exponential-backoff", ns: await timedAsync(() => backOff(call)) },
    { what: "opossum", ns: await timedAsync(() => breaker.fire()) },
    { what: "p-retry", ns: await timedAsync(() => pRetry(call)) },
  ];
}

/** A viewer of two playing outputs. Returns a function that handles the next frame. */
function watching(begin: (uids: number[]) => Pick<Failover, "handle" | "poll">): () => void {
  const uids = [9001, 9002];
  let now = 0;
  let at = 0;
  const viewer = begin(uids);
  for (const uid of uids)
    for (const kind of ["video", "audio"] as const) viewer.handle(now, { type: "published", uid, kind });
  const frame = () => {
    now += 16;
    at = 1 - at;
    viewer.handle(now, { type: "frame", uid: uids[at] ?? 0 });
    while (viewer.poll(now).type !== "wait");
  };
  for (let i = 0; i < 1_000; i += 1) frame();
  return frame;
}

/** A supervisor with a running task, whose calls are answered at once. Returns a function that waits for one Query. */
async function monitoring(): Promise<() => Promise<void>> {
  const RUNS = JSON.stringify({
    taskId: "task-1",
    status: "IN_PROGRESS",
    services: { cloudTranscoder: { serviceType: "cloudTranscoderV2", status: "serviceInProgress" } },
  });
  const TOKEN = JSON.stringify({ tokenName: "token" });
  const fetch = async (url: RequestInfo | URL) => new Response(String(url).includes("builderTokens") ? TOKEN : RUNS);
  let now = 1_767_225_600_000;
  const config = { appId: "app", instanceId: "show", services: showServices(), uids: [9001, 9002] };
  const env = { customerId: "id", customerSecret: "secret", fetch, now: () => now };
  const supervisor = new Supervisor(config, env);
  const turn = async () => {
    now = (await supervisor.advance()) ?? now;
  };
  for (let i = 0; i < 100; i += 1) await turn();
  return turn;
}
