/** The viewer's page in Firefox, with real video over WebRTC. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import type { Page } from "puppeteer-core";
import { inBrowser, launchFirefox, shots } from "./browser.ts";

const FPS = 15;

/** The state of the page, and how many frames of each output it has presented. */
interface Sight {
  shown: string;
  frames: Record<string, number>;
  health: Record<string, string>;
  /** The viewer's events, the oldest first. */
  events: string[];
  /** The page's log, the oldest line first. */
  log: string[];
}

const here = inBrowser("site", launchFirefox);
let page: Page;

beforeEach(async () => {
  page = await here.browser.newPage();
  await page.evaluateOnNewDocument(countFrames);
});
afterEach(() => page.close());

const sight = () => page.evaluate(() => window.sight());
const press = (id: string) => page.locator(`[data-testid="${id}"]`).click();

async function until(isSo: (sight: Sight) => boolean, timeoutMs = 20_000): Promise<Sight> {
  for (const deadline = Date.now() + timeoutMs; ; await pass(50)) {
    const now = await sight();
    if (isSo(now)) return now;
    if (Date.now() > deadline) throw new Error(`timed out after ${timeoutMs} ms: ${JSON.stringify(now, null, 1)}`);
  }
}

/** Waits until both are playing, the server has confirmed both, and their cadence is known. */
async function watching(fragment = ""): Promise<void> {
  await page.goto(`${here.url}/${fragment}`);
  await until(({ shown, health, log }) => {
    const isConfirmed = (uid: number) => log.some((line) => line.includes(`${uid} runs`));
    return shown === "9001" && health[9101] === "playing" && isConfirmed(9001) && isConfirmed(9101);
  });
  await pass(1500);
}

const isPlaying = (uid: number) => until(({ health }) => health[uid] === "playing");

test("killed: no more of its frames are presented; the other plays for 30 s, without another switch", async () => {
  await watching(`#demo&fps=${FPS}`);
  const { events: earlier } = await sight();
  await press("kill");
  const began = await until(({ shown }) => shown === "9101");
  for (let second = 1; second <= 30; second += 1) {
    await pass(1000);
    const { shown, frames, log } = await sight();
    assert.equal(shown, "9101", `after ${second} s:\n${log.join("\n")}`);
    const expected = (second * FPS) / 2;
    const count = (frames[9101] ?? 0) - (began.frames[9101] ?? 0);
    assert.ok(count > expected, `after ${second} s ${count} frames, but there should be more than ${expected}`);
  }
  const { frames, health, events, log } = await sight();
  // One frame may have been in transit. On a busy machine it may be so late that it counts as a false alarm.
  assert.ok((frames[9001] ?? 0) - (began.frames[9001] ?? 0) <= 1, "no frame of the killed output");
  const ignored = ["degraded", "recovered", "falseAlarm"];
  assert.equal(health[9002], "playing", "its replacement is the standby");
  assert.deepEqual(
    events.slice(earlier.length).filter((type) => !ignored.includes(type)),
    ["switched"],
    log.join("\n"),
  );
});

test("each output is killed in turn, until the first one is back: republished outputs play", async () => {
  await watching();
  for (const [killed, next, relaunched] of [
    [9001, 9101, 9002],
    [9101, 9002, 9102],
    [9002, 9102, 9001],
  ] as const) {
    assert.equal((await sight()).shown, String(killed));
    await press("kill");
    await until(({ shown }) => shown === String(next), 5000);
    await isPlaying(relaunched);
    await pass(1500);
  }
  await press("kill");
  const { frames } = await until(({ shown }) => shown === "9001", 5000);
  await until((now) => (now.frames[9001] ?? 0) > (frames[9001] ?? 0) + FPS);
});

test("frozen and restored; both frozen and restored", async () => {
  await watching();
  await press("freeze");
  await until(({ shown, health }) => shown === "9101" && health[9001] === "frozen");
  await press("bringBack");
  await isPlaying(9001);
  await press("freezeBoth");
  await until(({ health }) => health[9001] === "frozen" && health[9101] === "frozen");
  await press("bringBack");
  const { shown } = await until(({ health }) => health[9001] === "playing" && health[9101] === "playing");
  assert.equal(shown, "9101");
});

test("on a phone, in both languages: the page fits", async () => {
  await page.setViewport({ width: 360, height: 740 });
  await watching();
  for (const language of ["en", "zh"]) {
    await page.waitForFunction((language) => document.documentElement.lang === language, {}, language);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${width} px`);
    await page.screenshot({ path: join(shots, `firefox-phone-${language}.png`), fullPage: true });
    await page.locator("header button").click();
  }
});

declare global {
  interface Window {
    sight(): Sight;
  }
}

/** Runs in the page: counts the frames of each video, by output. */
function countFrames(): void {
  const frames: Record<string, number> = {};
  const counted = new WeakSet<HTMLVideoElement>();
  const count = (video: HTMLVideoElement, uid: string) => {
    video.requestVideoFrameCallback(() => {
      frames[uid] = (frames[uid] ?? 0) + 1;
      count(video, uid);
    });
  };
  new MutationObserver(() => {
    for (const video of document.querySelectorAll<HTMLVideoElement>("[data-uid] video")) {
      if (counted.has(video)) continue;
      counted.add(video);
      count(video, video.closest<HTMLElement>("[data-uid]")?.dataset.uid ?? "");
    }
  }).observe(document, { childList: true, subtree: true });
  window.sight = () => ({
    shown: document.querySelector('[data-testid="shown"]')?.textContent ?? "",
    frames: { ...frames },
    health: Object.fromEntries(
      [...document.querySelectorAll<HTMLElement>(".outputs li")].map((output) => [
        output.querySelector(".uid")?.textContent ?? "",
        output.dataset.health ?? "",
      ]),
    ),
    events: [...document.querySelectorAll<HTMLElement>(".log li[data-type]")]
      .map(({ dataset }) => dataset.type ?? "")
      .reverse(),
    log: [...document.querySelectorAll<HTMLElement>(".log li")].map(({ innerText }) => innerText).reverse(),
  });
}
