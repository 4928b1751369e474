/** The React part on Agora's own SDK in a real browser, in React's strict mode. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Page } from "playwright-core";
import { inBrowser, launch } from "./browser.ts";

type Kind = "none" | "hook" | "component" | "plain" | "wrong";
interface Observed {
  events: { type: string; to?: number }[];
  errors: string[];
  calls: string[];
  listeners: number[];
  onTop: number[];
  playing: number;
  left: { listeners: number; tracks: number[]; transceivers: number; elements: number };
}
interface Act {
  use(kind: Kind): void;
  join(): void;
  joinChannel(): void;
  prefer(uids: number[]): void;
  leave(uid: number): void;
}
declare global {
  interface Window {
    observed: () => Observed;
    act: Act;
    renderAgain(): void;
  }
}

const here = inBrowser("tests", launch);
let page: Page;
let problems: string[];

beforeEach(async () => {
  page = await here.browser.newPage();
  problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (line) => {
    // The SDK's telemetry has no network.
    if (line.type() === "error" && !line.text().startsWith("Failed to load")) problems.push(line.text());
  });
  await page.goto(`${here.url}/react.html`);
  await page.waitForFunction(() => "act" in window);
});
afterEach(async () => {
  await page.close();
  assert.deepEqual(problems, []);
});

const observed = () => page.evaluate(() => window.observed());
const isOnTop = (uid: number) =>
  page.waitForFunction((uid) => window.observed().onTop.join() === String(uid), uid, { timeout: 10_000 });
const use = (kind: Kind) => page.evaluate((kind) => window.act.use(kind), kind);
const state = () => page.locator("output");
/** The hook's result is rendered a little after the picture changes. */
const isRendered = (uid: number) => page.locator(`output[data-shown="${uid}"]`).waitFor({ state: "attached" });
const isCalled = (call: string) => page.waitForFunction((call) => window.observed().calls.includes(call), call);

test("useFailover: waits for the client, shows an output, switches, and detaches on unmount", async () => {
  const [none] = [(await observed()).listeners];
  await use("hook");
  assert.equal(await state().getAttribute("data-viewer"), "none", "there is no client yet");
  await page.evaluate(() => window.act.join());
  await isOnTop(9001);
  await page.waitForFunction(() => window.observed().playing === 2);
  await isRendered(9001);
  assert.deepEqual(
    (await observed()).listeners,
    none?.map((count) => count + 1),
    "strict mode mounts twice, but only one viewer listens",
  );
  await page.evaluate(() => window.act.leave(9001));
  await isOnTop(9101);
  await isRendered(9101);
  await page.waitForFunction(() => window.observed().events.some(({ type, to }) => type === "switched" && to === 9101));
  await use("none");
  assert.deepEqual((await observed()).listeners, none);
  await page.waitForFunction(() => window.observed().calls.at(-1) === "unsubscribe 9101 audio");
});

test("useFailover: errors go to the function of the last render", async () => {
  await use("hook");
  await page.evaluate(() => window.act.join());
  await isRendered(9001);
  await page.evaluate(() => window.renderAgain());
  await page.evaluate(() => window.act.leave(9001));
  await isRendered(9101);
  await page.waitForFunction(() => window.observed().errors.includes("render 2: an error of switched"));
});

test("useFailover: other uids create another viewer", async () => {
  await use("hook");
  await page.evaluate(() => window.act.join());
  await isOnTop(9001);
  await page.evaluate(() => window.act.prefer([9201, 9101]));
  await isOnTop(9201);
  await isRendered(9201);
  // It must no longer be audible.
  await isCalled("unsubscribe 9001 audio");
});

test("FailoverVideo: its options are no attributes; all other props go to the element", async () => {
  await use("component");
  await page.evaluate(() => window.act.join());
  await isOnTop(9001);
  const video = page.getByLabel("The show");
  assert.equal(await video.getAttribute("class"), "video");
  assert.equal(await video.getAttribute("standby"), null);
  const box = await video.boundingBox();
  assert.deepEqual([box?.width, box?.height], [320, 180]);
  await page.evaluate(() => window.act.leave(9001));
  await isOnTop(9101);
  const { calls } = await observed();
  assert.ok(
    calls.indexOf("subscribe 9101 audio") < calls.indexOf("subscribe 9101 video"),
    "a warm standby has audio only",
  );
});

test("FailoverVideo: 16:9 without a given height", async () => {
  await use("plain");
  const video = page.getByLabel("The show");
  const box = await video.boundingBox();
  assert.ok(box && box.width > 300 && Math.abs(box.height - (box.width * 9) / 16) < 1, JSON.stringify(box));
  await page.evaluate(() => window.act.join());
  await isOnTop(9001);
  assert.deepEqual(await video.boundingBox(), box);
});

test("FailoverVideo: an invalid option is named while rendering", async () => {
  await use("wrong");
  await page.waitForFunction(() => document.querySelector("#screen")?.childElementCount === 0);
  const named = problems
    .splice(0)
    .filter((problem) => problem.includes('frozenGraceMs is "1000", but must be 0, or from 100 to 86400000 ms'));
  assert.ok(named.length > 0);
});

test("FailoverVideo: 500 mounts of up to 60 ms leave nothing behind", {
  timeout: 240_000,
}, async () => {
  const nothing = (await observed()).left;
  await page.evaluate(async () => {
    window.act.joinChannel();
    for (let mount = 0; mount < 500; mount += 1) {
      window.act.use(mount % 2 ? "plain" : "hook");
      await new Promise((resolve) => setTimeout(resolve, (mount * 7) % 61));
      window.act.use("none");
      await new Promise((resolve) => setTimeout(resolve, mount % 5));
    }
  });
  await page
    .waitForFunction((nothing) => JSON.stringify(window.observed().left) === nothing, JSON.stringify(nothing), {
      timeout: 20_000,
    })
    .catch(async () => assert.deepEqual((await observed()).left, nothing));
  // It still works.
  await use("plain");
  await isOnTop(9001);
});
