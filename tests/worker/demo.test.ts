/** The routes of the demo: available in the demo only, and only to its own pages. */
import { env } from "cloudflare:workers";
import { type Command, Emulator } from "steadymix/emulator";
import { expect, test } from "vitest";
import { demo } from "../../www/worker/demo.ts";
import { showServices } from "../emulator/js/payload.ts";

/** The emulated service, without delays. */
const emulator = new Emulator({ startUp: { takesMs: [0, 0] }, answerMs: [0, 0], callsPerSecond: 1000 }, 1000);
const controls: Command[][] = [];
const AGORA_SERVICE = {
  async fetch(url: string, init?: RequestInit) {
    if (url.endsWith("/state")) return Response.json(emulator.state());
    const commands: Command[] = JSON.parse(String(init?.body));
    controls.push(commands);
    try {
      return Response.json({ tasks: commands.map((command) => emulator.control(command)) });
    } catch (error) {
      return Response.json({ message: String(error) }, { status: 400 });
    }
  },
} as unknown as Fetcher;
const demonstration = { ...env, DEMONSTRATION: true, AGORA_SERVICE };
const KILL = '{"name":"kill","broadcast":"show","uid":9001}';

/** A running task of a broadcast; its hosts are in `inputChannel`, or it plays a file. Returns its id. */
async function start(broadcast: string, uid: number, inputChannel?: string): Promise<string> {
  const services = showServices(1);
  const { transcoder } = services.cloudTranscoder.config;
  const rtc = { rtcChannel: inputChannel ?? "", rtcUid: 0 };
  transcoder.audioInputs = [inputChannel === undefined ? { streamUrl: "https://media.example/a.mp4" } : { rtc }];
  transcoder.videoInputs = [];
  transcoder.outputs = [{ rtc: { rtcChannel: broadcast, rtcUid: uid }, audioOption: {} }];
  const post = async (path: string, body: object) => {
    const answer = await emulator.fetch(`https://api.agora.io/v1/projects/app/rtsc/cloud-transcoder/${path}`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa("customer:secret")}` },
      body: JSON.stringify(body),
    });
    const json = await answer.json<Record<string, string>>();
    expect(answer.status, JSON.stringify(json)).toBe(200);
    return json;
  };
  const { tokenName } = await post("builderTokens", { instanceId: `${broadcast}-0-${uid}`, services });
  const { taskId = "" } = await post(`tasks?builderToken=${tokenName}`, { services });
  return taskId;
}

/** The channels and uids of live tasks. */
const live = () => emulator.state().tasks.flatMap((task) => (task.live ? [`${task.channel} ${task.uid}`] : []));

/** The body of the last answer. */
let answered = "";

async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: string | null = null,
  bindings: object = demonstration,
) {
  const request = new Request(`https://worker.example${path}`, { method, headers, body });
  controls.length = 0;
  const answer = await demo().fetch(request, bindings);
  answered = await answer.text();
  return { status: answer.status, controls: controls.length };
}

const ROUTES: [string, string, string | null][] = [
  ["GET", "/tasks", null],
  ["POST", "/faults", KILL],
  ["DELETE", "/faults", null],
];

test.each(ROUTES)("%s %s: allowed from the same origin and outside of pages", async (method, path, body) => {
  const controls = method === "GET" ? 0 : 1;
  for (const headers of [
    {},
    { origin: "https://worker.example" },
    { origin: "https://worker.example", "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
  ] as Record<string, string>[]) {
    if (body === KILL) await start("show", 9001, "studio");
    expect(await ask(method, path, headers, body), JSON.stringify(headers)).toEqual({ status: 200, controls });
  }
  for (const headers of [
    { origin: "https://evil.example" },
    { origin: "https://worker.example.evil.example" },
    { origin: "https://sub.worker.example" },
    { origin: "http://worker.example" },
    { origin: "https://worker.example:8443" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://worker.example", "sec-fetch-site": "cross-site" },
  ] as Record<string, string>[])
    expect(await ask(method, path, headers, body), JSON.stringify(headers)).toEqual({ status: 403, controls: 0 });
});

test.each(ROUTES)("%s %s: answers 404 outside of the demo", async (method, path, body) => {
  for (const bindings of [
    { ...demonstration, DEMONSTRATION: undefined },
    { ...demonstration, DEMONSTRATION: false },
    { ...demonstration, DEMONSTRATION: "false" },
    { ...demonstration, AGORA_SERVICE: undefined },
  ])
    expect(await ask(method, path, {}, body, bindings)).toEqual({ status: 404, controls: 0 });
});

test("an invalid fault, broadcast or uid is refused", async () => {
  for (const body of [
    ...["", "{", "null", "1", "[]", "{}", '{"name":"kill"}'],
    ...['"none"', "{}", "null"].map((name) => `{"name":${name},"broadcast":"show","uid":9001}`),
    ...["1", "{}", "null"].map((broadcast) => `{"name":"kill","broadcast":${broadcast},"uid":9001}`),
    ...["0", "-1", "1.5", "4294967296", "1e300", '"9001"', "null", "{}"].map(
      (uid) => `{"name":"kill","broadcast":"show","uid":${uid}}`,
    ),
  ])
    expect(await ask("POST", "/faults", {}, body), body).toEqual({ status: 400, controls: 0 });
});

const fault = (name: string, broadcast: string, uid: number) =>
  ask("POST", "/faults", {}, JSON.stringify({ name, broadcast, uid }));

test("a fault applies to the named broadcast, even if another one uses the same uid", async () => {
  await start("one", 9001, "studio");
  await start("two", 9001, "studio");
  expect(await fault("kill", "one", 9001)).toEqual({ status: 200, controls: 1 });
  expect(live()).toEqual(["two 9001"]);
  expect(await fault("kill", "one", 9001), "it is dead already").toEqual({ status: 409, controls: 1 });
  expect(await fault("kill", "one", 9101)).toEqual({ status: 409, controls: 0 });
  expect(JSON.parse(answered).error.message).toBe("uid is 9101, but must be the output uid of a task of one");
  await fault("kill", "two", 9001);
});

test("the hosts of a broadcast leave all of its input channels, and return", async () => {
  await start("one", 9001, "stage");
  await start("one", 9101, "backstage");
  await start("two", 9001, "studio");
  expect(await fault("hostsLeave", "one", 9001)).toEqual({ status: 200, controls: 1 });
  // The idle timeout is 1 s, and the clock runs at a thousandfold speed.
  await expect.poll(live).toEqual(["two 9001"]);
  expect(await ask("DELETE", "/faults")).toEqual({ status: 200, controls: 1 });
  await start("one", 9002, "stage");
  await start("one", 9102, "backstage");
  await scheduler.wait(20);
  expect(live()).toEqual(["two 9001", "one 9002", "one 9102"]);
});

test("hostsLeave is refused if the broadcast has no hosts", async () => {
  await start("files", 9001);
  expect(await fault("hostsLeave", "files", 9001)).toEqual({ status: 409, controls: 0 });
  expect(JSON.parse(answered)).toEqual({ error: { code: "CONFLICT", message: "no live task of files has hosts" } });
});
