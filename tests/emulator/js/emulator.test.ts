import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Emulator, type State } from "steadymix/emulator";
import { loopbackFetch } from "../../../src/js/cli/emulator/loopbackFetch.ts";
import { startServer } from "../../../src/js/cli/emulator/server.ts";

const BASE = "https://api.agora.io/v1/projects/app/rtsc/cloud-transcoder";
const services = {
  cloudTranscoder: {
    serviceType: "cloudTranscoderV2",
    config: {
      transcoder: {
        audioInputs: [{ rtc: { rtcChannel: "studio", rtcUid: 0 } }],
        outputs: [{ rtc: { rtcChannel: "show", rtcUid: 7 } }],
      },
    },
  },
};

const headers = { authorization: `Basic ${btoa("customer:s3cret")}` };

async function start(fetch: typeof globalThis.fetch): Promise<string> {
  const post = async (path: string, body: object) => {
    const response = await fetch(`${BASE}${path}`, { method: "POST", body: JSON.stringify(body), headers });
    assert.equal(response.status, 200);
    return (await response.json()) as Record<string, string>;
  };
  const { tokenName } = await post("/builderTokens", { instanceId: "show-1", services });
  const { taskId = "" } = await post(`/tasks?builderToken=${tokenName}`, { services });
  return taskId;
}

test("fetch calls the emulated service", async () => {
  const emulator = new Emulator({ answerMs: [0, 0] });
  const taskId = await start(emulator.fetch);
  assert.deepEqual(
    emulator.state().tasks.map((task) => [task.taskId, task.live]),
    [[taskId, true]],
  );
});

test("the fetch of the emulator and the server fail like Node's fetch", async (t) => {
  const server = await startServer(new Emulator());
  t.after(() => server.close());
  for (const [emulator, fetch] of [
    [server.emulator, loopbackFetch(server.url)],
    [new Emulator(), undefined],
  ] as const) {
    const call = fetch ?? emulator.fetch;
    emulator.control({ type: "addRule", rule: { times: 1, effect: { type: "dns" } } });
    await assert.rejects(
      call(`${BASE}/tasks/t`),
      (error: TypeError) => (error.cause as { code: string }).code === "ENOTFOUND",
    );
    emulator.control({ type: "addRule", rule: { times: 1, effect: { type: "refuse" } } });
    await assert.rejects(call(`${BASE}/tasks/t`), TypeError);
    emulator.control({ type: "addRule", rule: { times: 1, effect: { type: "lose" } } });
    await assert.rejects(call(`${BASE}/tasks/t`, { signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
    assert.equal((await call(`${BASE}/tasks/t`, { headers })).status, 404);
    assert.equal((await call(`${BASE}/tasks/t`)).status, 401);
  }
});

test("fetch can be aborted like Node's", { timeout: 10_000 }, async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  const unsent = new Emulator();
  const acquire = { method: "POST", body: JSON.stringify({ instanceId: "show-1", services }), signal };
  await assert.rejects(unsent.fetch(`${BASE}/builderTokens`, acquire), reason);
  assert.deepEqual(unsent.state().stats.calls, {});

  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const slow = new Emulator({ answerMs: [3_600_000, 3_600_000] });
  const lost = new Emulator();
  lost.control({ type: "addRule", rule: { effect: { type: "lose" } } });
  for (const emulator of [slow, lost]) {
    await assert.rejects(emulator.fetch(`${BASE}/tasks/t`, { signal }), reason);
    const controller = new AbortController();
    const call = emulator.fetch(`${BASE}/tasks/t`, { signal: controller.signal });
    while (!emulator.state().stats.calls.query) await setImmediate();
    // Objects that only the call refers to may be collected by now.
    await setImmediate();
    collectGarbage();
    controller.abort(reason);
    await assert.rejects(call, reason);
  }
});

test("the server accepts commands and shows its state", async (t) => {
  const server = await startServer(new Emulator());
  t.after(() => server.close());
  const taskId = await start(loopbackFetch(server.url));
  const control = (command: string) => fetch(`${server.url}/control`, { method: "POST", body: command });
  const killed = (await (await control(JSON.stringify({ type: "kill", taskId }))).json()) as { tasks: number };
  assert.equal(killed.tasks, 1);
  const state = (await (await fetch(`${server.url}/state`)).json()) as State;
  assert.equal(state.tasks[0]?.live, false);
  const wrong = await control('{"type": "explode"}');
  assert.equal(wrong.status, 400);
  assert.match(((await wrong.json()) as { message: string }).message, /command: unknown variant `explode`/);
});

test("the server documents every command, effect and option, and what a path begins with", async (t) => {
  const server = await startServer(new Emulator());
  t.after(() => server.close());
  const text = await (await fetch(server.url)).text();
  for (const part of [
    "Command:",
    "  addRule: Adds a fault rule.",
    "  performAndLose: ",
    "Profile:",
    "  forgetAfterMs (number",
    "State:",
  ])
    assert.ok(text.includes(`\n${part}`), part);
  const withoutDomain = await fetch(`${server.url}/v1/projects/app/rtsc/cloud-transcoder/tasks/t`);
  assert.equal(withoutDomain.status, 404);
  assert.match(await withoutDomain.text(), /the first segment of the path is \\"v1\\", but must be a domain/);
});

test("the server refuses commands from web pages", async (t) => {
  const server = await startServer(new Emulator());
  t.after(() => server.close());
  const taskId = await start(loopbackFetch(server.url));
  const headers = { origin: "https://evil.example", "content-type": "text/plain" };
  const body = JSON.stringify({ type: "kill", taskId });
  const answer = await fetch(`${server.url}/control`, { method: "POST", headers, body });
  assert.equal(answer.status, 403);
  const { tasks } = (await (await fetch(`${server.url}/state`)).json()) as State;
  assert.deepEqual(
    tasks.map(({ live }) => live),
    [true],
  );
});

test("a notification without an answer is sent again", async (t) => {
  const bodies: string[] = [];
  let received: () => void = () => {};
  const webhook = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      bodies.push(body);
      response.writeHead(bodies.length === 1 ? 500 : 200).end();
      received();
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  t.after(() => webhook.close());
  const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}`;
  const profile = { notifications: { takesMs: [0, 0] as [number, number] }, startUp: { hangsPercent: 100 } };
  const server = await startServer(new Emulator(profile, 100), { webhook: url });
  t.after(() => server.close());
  const twice = new Promise<void>((resolve) => {
    received = () => bodies.length === 2 && resolve();
  });
  await start(loopbackFetch(server.url));
  await twice;
  assert.equal(bodies[0], bodies[1]);
});
