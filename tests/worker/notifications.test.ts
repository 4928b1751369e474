/** The service's webhook: which notifications are accepted and which are refused, and that it answers in time. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { AppQuota, Broadcast, handler } from "steadymix/cloudflare";
import { afterEach, expect, test, vi } from "vitest";
import { freshEmulator, NOTIFICATION_SECRET } from "./service.ts";
import { call, Show } from "./world.ts";

const encoder = new TextEncoder();
afterEach(() => {
  vi.restoreAllMocks();
});

async function hmac(secret: string, hash: "SHA-1" | "SHA-256", body: Uint8Array): Promise<string> {
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash }, false, ["sign"]);
  const bytes = new Uint8Array(await crypto.subtle.sign("HMAC", key, body));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface Sent {
  secret?: string;
  signed?: "v1" | "v2" | "both" | "neither";
}

async function requestOf(
  body: string | Uint8Array,
  { secret = NOTIFICATION_SECRET, signed = "both" }: Sent = {},
): Promise<RequestInit> {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const headers = new Headers({ "content-type": "application/json" });
  if (signed === "v1" || signed === "both") headers.set("agora-signature", await hmac(secret, "SHA-1", bytes));
  if (signed === "v2" || signed === "both") headers.set("agora-signature-v2", await hmac(secret, "SHA-256", bytes));
  return { method: "POST", headers, body: bytes };
}

async function send(body: string | Uint8Array, sent?: Sent) {
  const answer = await call("/notifications", await requestOf(body, sent));
  const json = (await answer.json()) as { status?: string; error?: { code: string; message: string } };
  return { status: answer.status, code: json.error?.code, text: JSON.stringify(json) };
}

function notificationOf(
  instanceId: string | null,
  taskId: string,
  more: { eventType?: number; sequence?: number } = {},
): string {
  const { eventType = 111, sequence = 5 } = more;
  return JSON.stringify({
    noticeId: "n-1",
    productId: 1,
    eventType,
    notifyMs: 1,
    payload: { taskId, instanceId, sequence, sendts: 1, serviceScene: "rtsc/cloud-transcoder", details: {} },
  });
}

test("a valid notification brings the next Query forward, whichever signature and secret it has", async () => {
  const emulator = freshEmulator();
  // No regular Query during this test.
  const show = await Show.start({
    policy: { confirmDelaysMs: [100], monitorIntervalMs: 600_000, checkNowIntervalMs: 1000 },
  });
  await show.running();
  const { instanceId, taskId } = emulator.state().tasks.find(({ uid }) => uid === 9001) ?? {
    instanceId: "",
    taskId: "",
  };
  const queries = () => emulator.state().stats.calls.query ?? 0;
  const ways: Sent[] = [{ signed: "v1" }, { signed: "v2" }, {}, { secret: "former-notification-secret" }];
  for (const [i, way] of ways.entries()) {
    const before = queries();
    expect(await send(notificationOf(instanceId, taskId, { eventType: 112, sequence: 10 + i }), way)).toMatchObject({
      status: 200,
    });
    await expect.poll(queries, { timeout: 5000 }).toBe(before + 1);
  }
  // A duplicate changes nothing.
  const before = queries();
  expect(await send(notificationOf(instanceId, taskId, { eventType: 112, sequence: 13 }))).toMatchObject({
    status: 200,
  });
  expect(await send(notificationOf(instanceId, taskId, { eventType: 112, sequence: 11 }))).toMatchObject({
    status: 200,
  });
  await scheduler.wait(1500);
  expect(queries()).toBe(before);
  await show.stop();
});

test("notifications reveal the exit of a task, in any number and order", async () => {
  const emulator = freshEmulator({
    notifications: { secret: NOTIFICATION_SECRET, doubledPercent: 100, latePercent: 0 },
  });
  const show = await Show.start({
    policy: { confirmDelaysMs: [100], monitorIntervalMs: 600_000, checkNowIntervalMs: 1000 },
  });
  await show.running();
  emulator.control({ type: "kill", uid: 9001 });
  const deliveries = [];
  for (const end = Date.now() + 3000; Date.now() < end; await scheduler.wait(50))
    deliveries.push(...emulator.takeNotifications());
  expect(deliveries.length).toBeGreaterThan(2);
  for (const { body, signature } of deliveries.reverse()) {
    const headers = { "agora-signature": signature };
    expect((await call("/notifications", { method: "POST", headers, body })).status).toBe(200);
  }
  await show.until(({ lanes }) => lanes[0]?.uid === 9002 && lanes[0].state === "running");
  expect(emulator.state().tasks.length).toBe(3);
  await show.stop();
});

test("accepted: a large payload, a notification without an instanceId, and the console's test", async () => {
  const emulator = freshEmulator();
  const show = await Show.start({
    policy: { confirmDelaysMs: [100], monitorIntervalMs: 600_000, checkNowIntervalMs: 1000 },
  });
  await show.running();
  const task = emulator.state().tasks.find(({ uid }) => uid === 9001);
  const queries = () => emulator.state().stats.calls.query ?? 0;
  const notification = (sequence: number, instanceId?: string, more: object = {}) => {
    const payload = { taskId: task?.taskId, instanceId, sequence, sendts: 1, serviceScene: "rtsc/cloud-transcoder" };
    return JSON.stringify({
      noticeId: "n",
      productId: 1,
      eventType: 110,
      notifyMs: 1,
      payload: { ...payload, ...more },
    });
  };
  const host = { rtc: { rtcChannel: "studio", rtcUid: 1, rtcToken: "t".repeat(1000) } };
  const userConfigDetail = JSON.stringify({ audioInputs: Array(300).fill(host), videoInputs: Array(300).fill(host) });
  const large = notification(20, task?.instanceId ?? "", { details: { transcoder: { userConfigDetail } } });
  expect(large.length).toBeGreaterThan(600_000);
  for (const body of [large, notification(21)]) {
    const before = queries();
    expect(await send(body)).toMatchObject({ status: 200 });
    await expect.poll(queries, { timeout: 5000 }).toBe(before + 1);
  }
  const before = queries();
  const test = '{"eventType":10,"noticeId":"n","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}';
  expect(await send(test)).toMatchObject({ status: 200, text: '{"status":"ok"}' });
  expect(queries()).toBe(before);
  await show.stop();
});

test("forged notifications are refused, without a trace of the secret", async () => {
  freshEmulator();
  const show = await Show.start({ policy: { confirmDelaysMs: [100] } });
  const body = notificationOf(`${show.id}-0-1`, "task");
  const forged = [
    await send(body, { secret: "another" }),
    await send(body, { signed: "neither" }),
    await call("/notifications", {
      method: "POST",
      body,
      headers: { "agora-signature": "zz", "agora-signature-v2": "" },
    }).then(async (answer) => ({ status: answer.status, code: undefined, text: await answer.text() })),
  ];
  for (const { status, text } of forged) {
    expect(status).toBe(401);
    expect(text).toContain("INVALID_SIGNATURE");
    expect(text).toMatch(/the signature does not match the body|no signature: the header/);
    for (const secret of env.AGORA_NOTIFICATION_SECRET?.split(" ") ?? []) expect(text).not.toContain(secret);
  }
  await show.stop();
});

test("a notification goes to the broadcast of its instanceId; without one, to every running broadcast", async () => {
  const notified: unknown[] = [];
  vi.spyOn(Broadcast.prototype, "handleNotification").mockImplementation(function (this: Broadcast) {
    notified.push((this as unknown as { ctx: DurableObjectState }).ctx.id.name);
    return { ok: true, value: "new" };
  });
  const states = ["starting", "live", "offAir", "stopping", "ended", "failed"] as const;
  const entries = states.map((state) => ({ id: `one-that-is-${state}`, state, onAir: null, tasks: 0, startedAt: 1 }));
  vi.spyOn(AppQuota.prototype, "broadcasts").mockReturnValue(entries);
  const on = entries.slice(0, 4).map(({ id }) => id);
  const [first = ""] = on;
  for (const [instanceId, ids] of [
    [`${first}-0-1`, [first]],
    [`${first}-12-345`, [first]],
    [`${first}-0-1-0-1`, [`${first}-0-1`]],
    [null, on],
    [first, []],
    ["nobody", []],
    [`${first}-0-1x`, []],
    [`${first}-0-1-`, []],
    [`${first}-123-1`, []],
    [`x\n${first}-0-1`, []],
    [`-0-1`, []],
    [`${"x".repeat(51)}-0-1`, []],
  ] as const) {
    notified.length = 0;
    const context = createExecutionContext();
    const request = new Request(
      "https://worker.example/notifications",
      await requestOf(notificationOf(instanceId, "task")),
    );
    expect((await handler().fetch(request, env, context)).status).toBe(200);
    await waitOnExecutionContext(context);
    expect(notified.sort(), JSON.stringify(instanceId)).toEqual([...ids].sort());
  }
});

test("without a secret, every notification is refused", async () => {
  for (const AGORA_NOTIFICATION_SECRET of [undefined, "", " \n"]) {
    const init = await requestOf(notificationOf("show-0-1", "task"), { secret: AGORA_NOTIFICATION_SECRET || " " });
    const request = new Request("https://worker.example/notifications", init);
    const answer = await handler().fetch(request, { ...env, AGORA_NOTIFICATION_SECRET });
    expect(answer.status).toBe(503);
    const error = { code: "MISCONFIGURED", field: "AGORA_NOTIFICATION_SECRET", value: "not set" };
    expect(await answer.json()).toMatchObject({ error });
  }
});

test("a signed notification is accepted whatever its body, so the service does not repeat it", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  for (const body of ["{", '{"eventType":1,"payload":{"serviceScene":"recording"}}'])
    expect(await send(body)).toMatchObject({ status: 200 });
  expect(warn).toHaveBeenCalledTimes(2);
  for (const instanceId of ["nobody", "no-such-broadcast-0-1", `${"x".repeat(60)}-0-1`])
    expect(await send(notificationOf(instanceId, "task"))).toMatchObject({ status: 200 });
  warn.mockRestore();
});

test("a body of 10 MB, or one that does not arrive, is refused", async () => {
  const large = await send(new Uint8Array(10_000_000), { signed: "neither" });
  expect(large).toMatchObject({ status: 413, code: "BODY_TOO_LARGE" });
  const endless = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await scheduler.wait(100);
      controller.enqueue(encoder.encode(" "));
    },
  });
  const began = Date.now();
  const slow = await call("/notifications", { method: "POST", body: endless, headers: { "agora-signature": "00" } });
  expect(slow.status).toBe(408);
  expect(await slow.json()).toMatchObject({ error: { code: "BODY_TOO_SLOW" } });
  // The service waits for 10 s.
  expect(Date.now() - began).toBeLessThan(10_000);
});
