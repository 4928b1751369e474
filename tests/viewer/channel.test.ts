/** The demonstration's channel in a real browser: which media arrive, and whether everything is released. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { onPage } from "./browser.ts";
import type { ChannelSession } from "./pages/channel.ts";

const OUTPUTS = [9001, 9101];
/** The channel reads its statistics every second. */
const STATS_INTERVAL_MS = 1000;

const here = onPage("channel.html", "channelSession");

type Status = ReturnType<ChannelSession["status"]>;

const act = <Result>(what: (session: ChannelSession) => Result): Promise<Awaited<Result>> =>
  here.page.evaluate(`(${what})(channelSession)`) as Promise<Awaited<Result>>;
const status = () => act((session) => session.status());

async function until(isSo: (status: Status) => boolean, timeoutMs = 10_000): Promise<Status> {
  for (const deadline = Date.now() + timeoutMs; ; await pass(50)) {
    const now = await status();
    if (isSo(now)) return now;
    if (Date.now() > deadline) throw new Error(`timed out after ${timeoutMs} ms: ${JSON.stringify(now)}`);
  }
}

/** The media that arrive from each output in two seconds. First waits until the statistics are newer than the last action. */
async function received(): Promise<Pick<Status, "bytes" | "packets">> {
  await pass(1.5 * STATS_INTERVAL_MS);
  const before = await status();
  await pass(2 * STATS_INTERVAL_MS);
  const { bytes, packets } = await status();
  const since = (now: Record<string, number>, then: Record<string, number>) =>
    Object.fromEntries(Object.entries(now).map(([uid, count]) => [uid, count - (then[uid] ?? 0)]));
  return { bytes: since(bytes, before.bytes), packets: since(packets, before.packets) };
}

async function watching(): Promise<void> {
  await act(async (session) => {
    for (const uid of [9001, 9101]) session.join(uid);
    for (const uid of [9001, 9101]) for (const kind of ["video", "audio"] as const) await session.subscribe(uid, kind);
  });
  await until(({ bytes, packets }) => OUTPUTS.every((uid) => (bytes[uid] ?? 0) > 0 && (packets[uid] ?? 0) > 0));
}

test("a frozen output sends nothing, the other continues; restored, it sends again", async () => {
  await watching();
  await act((session) => session.channel.freeze(9001));
  const frozen = await received();
  assert.deepEqual([frozen.bytes[9001], frozen.packets[9001]], [0, 0]);
  assert.ok((frozen.bytes[9101] ?? 0) > 0 && (frozen.packets[9101] ?? 0) > 0, JSON.stringify(frozen));
  await act((session) => session.channel.thaw(9001));
  const { bytes, packets } = await received();
  for (const uid of OUTPUTS) assert.ok((bytes[uid] ?? 0) > 0 && (packets[uid] ?? 0) > 0, `${uid}`);
});

test("an output leaves and returns: the other continues, and nothing is sent twice", async () => {
  await watching();
  for (let i = 0; i < 3; i += 1) {
    await act((session) => session.channel.leave(9001));
    const { bytes } = await received();
    assert.ok((bytes[9101] ?? 0) > 0, `${i}: ${JSON.stringify(bytes)}`);
    await act(async (session) => {
      session.join(9001);
      for (const kind of ["video", "audio"] as const) await session.subscribe(9001, kind);
    });
    await until(({ bytes, packets }) => (bytes[9001] ?? 0) > 0 && (packets[9001] ?? 0) > 0);
  }
  const { transceivers, sending, tracks } = await status();
  assert.deepEqual([transceivers, sending, tracks.length], [4, 4, 4]);
});

test("subscriptions that are cancelled while in progress are released", async () => {
  const outcomes = await act(async (session) => {
    session.join(9001);
    const outcomes = new Set<string>();
    for (let i = 0; i < 40; i += 1) {
      const subscription = session.subscribe(9001, "video");
      // From at once until after the track would have arrived.
      await new Promise((resolve) => setTimeout(resolve, i * 3));
      await session.unsubscribe(9001, "video");
      outcomes.add(await subscription);
    }
    return [...outcomes];
  });
  assert.ok(outcomes.includes("OPERATION_ABORTED: the subscription was cancelled"), `${outcomes}`);
  const { tracks, sending, transceivers } = await until(({ bytes }) => Object.keys(bytes).length === 0);
  assert.deepEqual([tracks, sending], [[], 0]);
  assert.ok(transceivers <= 1, `${transceivers} transceivers`);
});

test("an output that leaves while it is being subscribed, and returns at once, is received", async () => {
  const outcomes = await act(async (session) => {
    session.join(9001);
    const first = session.subscribe(9001, "video");
    session.channel.leave(9001);
    session.join(9001);
    const second = session.subscribe(9001, "video");
    return [await first, await second];
  });
  assert.deepEqual(outcomes, ["OPERATION_ABORTED: the subscription was cancelled", "subscribed"]);
  await until(({ bytes }) => (bytes[9001] ?? 0) > 0);
});
