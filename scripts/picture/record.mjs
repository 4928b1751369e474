// Records the viewer page: the primary is killed, the viewer switches to the backup, and a replacement is launched.
import { chromium } from "playwright-core";
import { onPath } from "../lib.mjs";
import { TEXTS } from "./texts.mjs";

/** The size of the picture. The page needs 960 CSS pixels for its two columns. */
const WIDTH = 1200;
const HEIGHT = 750;
const ZOOM = 1.25;

/** How long the picture shows the primary before its task dies, and the replacement once it is running. */
const BEFORE_MS = 1300;
const AFTER_MS = 2000;
/** How long the button is pressed. */
const PRESS_MS = 250;
/**
 * The viewer learns the frame rate of both outputs. The emulated service notifies the server of each start after up to 3.5 s: a
 * Query then would find the dead task before the viewer does.
 */
const LEARNING_MS = 6000;
const TIMEOUT_MS = 20_000;

const [PRIMARY, REPLACEMENT, BACKUP] = [9001, 9002, 9101];

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  // The media stays on loopback, where multicast DNS may not work.
  "--disable-features=WebRtcHideLocalIpsWithMdns",
];

/** Hides the parts of the page that the picture does not need, and makes room for the captions below the video. */
const STYLE = `
  html { zoom: ${ZOOM}; }
  body { height: ${HEIGHT / ZOOM}px; overflow: hidden; }
  header, .timeline, .about, .sound, .experiment p, .experiment small, .experiment li:not(:has(.kill)) { display: none; }
  .viewer { padding: 0.75rem; }
  .column { height: calc(${HEIGHT / ZOOM}px - 1.5rem); grid-template-rows: auto minmax(0, 1fr); }
  .column + .column { grid-template-rows: auto auto minmax(0, 1fr); }
  .screen { max-height: none; }
  .experiment ul { display: block; }
  .experiment button.kill:active { background: var(--danger); color: #fff; }
  .log ol { max-height: none; height: 100%; overflow: hidden; }
  .log { overflow: hidden; }
  .story { display: grid; align-content: space-evenly; height: 100%; counter-reset: step; font-size: 1.05rem; }
  .story li { display: flex; gap: 0.75rem; opacity: 0.5; counter-increment: step; }
  .story li::before {
    content: counter(step); width: 1.6em; border-radius: 50%; line-height: 1.6em; text-align: center; font-weight: 600;
    background: var(--line);
  }
  .story li.done { opacity: 1; }
  .story li.done::before { background: var(--playing); color: #fff; }
  .story li.bad.done::before { background: var(--danger); }
  .story li:nth-last-child(1 of .done) { font-weight: 600; }
  .pointer { position: fixed; z-index: 9; width: 1.5rem; pointer-events: none; }
`;

const POINTER =
  '<svg class="pointer" viewBox="0 0 24 24"><path d="M5 2v17l4.5-4 3 7 3-1.3-3-6.7H19z" fill="#16191d" stroke="#fff" stroke-width="1.5"/></svg>';

/**
 * @typedef {object} Frame
 * @property {number} at in ms
 * @property {Buffer} png
 *
 * @typedef {object} Recording
 * @property {Frame[]} frames in order; there is a frame whenever the page changed
 * @property {number} outageMs as the viewer measured it
 * @property {number} width
 * @property {number} height
 */

/**
 * @param {string} url of the viewer page
 * @param {import("./texts.mjs").Language} language
 * @returns {Promise<Recording>}
 * @throws {Error} if the viewer does not switch to the backup, or no replacement is launched
 */
export async function record(url, language) {
  const executablePath = process.env.CHROMIUM ?? onPath("chromium");
  if (!executablePath) throw new Error("there is no chromium on the PATH");
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    const page = await browser.newPage({
      viewport: { width: WIDTH, height: HEIGHT },
      colorScheme: "light",
      locale: { en: "en-US", zh: "zh-CN" }[language],
    });
    page.setDefaultTimeout(TIMEOUT_MS);
    await page.goto(url);
    await showStory(page, language);
    const isPlaying = (/** @type {number} */ uid) =>
      page
        .locator('.outputs li[data-health="playing"]')
        .filter({ hasText: String(uid) })
        .waitFor();
    await isPlaying(PRIMARY);
    await isPlaying(BACKUP);
    await shows(page, PRIMARY);
    const kill = page.getByTestId("kill");
    await kill.hover();
    await showPointer(page, await kill.boundingBox());
    await page.waitForTimeout(LEARNING_MS);

    const screencast = await startScreencast(page);
    await page.waitForTimeout(BEFORE_MS);
    await page.mouse.down();
    await page.waitForTimeout(PRESS_MS);
    // The click kills the task.
    await page.mouse.up();
    await shows(page, BACKUP);
    const outage = await page.getByTestId("outage").locator("strong").textContent();
    await isPlaying(REPLACEMENT);
    await page.waitForTimeout(AFTER_MS);
    await shows(page, BACKUP);
    await expectStory(page);
    return {
      frames: await screencast.stop(),
      outageMs: Number.parseInt(outage ?? "", 10),
      width: WIDTH,
      height: HEIGHT,
    };
  } finally {
    await browser.close();
  }
}

/** @param {import("playwright-core").Page} page @param {number} uid */
function shows(page, uid) {
  return page
    .getByTestId("shown")
    .filter({ hasText: String(uid) })
    .waitFor()
    .catch((error) => {
      throw new Error(`the viewer does not show ${uid}`, { cause: error });
    });
}

/**
 * Adds the captions. Each is highlighted when the page itself shows that it is true.
 * @param {import("playwright-core").Page} page
 * @param {import("./texts.mjs").Language} language
 */
async function showStory(page, language) {
  await page.getByTestId("kill").waitFor();
  await page.addStyleTag({ content: STYLE });
  await page.evaluate(
    ({ captions, switched, replacement }) => {
      const story = document.createElement("section");
      const list = story.appendChild(document.createElement("ol"));
      list.className = "story";
      const [onAir, dies, switches, runs] = captions.map((text) => {
        const item = list.appendChild(document.createElement("li"));
        item.textContent = text;
        return item;
      });
      onAir?.classList.add("done");
      dies?.classList.add("bad");
      document.querySelector(".picture")?.after(story);
      document.querySelector("button.kill")?.addEventListener("click", () => dies?.classList.add("done"));
      const observer = new MutationObserver(() => {
        const outage = document.querySelector("[data-testid=outage] strong")?.textContent;
        if (switches && outage && !switches.classList.contains("done")) {
          switches.classList.add("done");
          switches.textContent = switched.replace("{s}", (Number.parseInt(outage, 10) / 1000).toFixed(1));
        }
        const playing = [...document.querySelectorAll(".outputs [data-health=playing] .uid")];
        if (playing.some(({ textContent }) => textContent === String(replacement))) runs?.classList.add("done");
      });
      for (const section of document.querySelectorAll(".picture, .outputs"))
        observer.observe(section, { subtree: true, childList: true, attributes: true, characterData: true });
    },
    { ...TEXTS[language], replacement: REPLACEMENT },
  );
}

/**
 * A screencast does not contain the pointer.
 * @param {import("playwright-core").Page} page
 * @param {{ x: number, y: number, width: number, height: number } | null} button
 */
async function showPointer(page, button) {
  if (!button) throw new Error("the page has no button that kills the task");
  const { x, y, width, height } = button;
  const style = `left: ${(x + width / 2) / ZOOM}px; top: ${(y + height / 2) / ZOOM}px`;
  await page.evaluate(
    ({ pointer, style }) => {
      document.body.insertAdjacentHTML("beforeend", pointer);
      document.querySelector(".pointer")?.setAttribute("style", style);
    },
    { pointer: POINTER, style },
  );
}

/**
 * @param {import("playwright-core").Page} page
 * @throws {Error} unless the events are exactly those of the captions
 */
async function expectStory(page) {
  const done = await page.locator(".story .done").count();
  if (done !== 4) throw new Error(`only ${done} of the 4 captions are highlighted`);
  const events = await page
    .locator("[data-testid=log] [data-type]")
    .evaluateAll((lines) => lines.map((line) => line.getAttribute("data-type")).reverse());
  // Without "degraded", the server put the backup on air before the viewer noticed.
  if (events.join() !== "degraded,switched")
    throw new Error(`the viewer's events are ${events.join(", ")}, expected degraded, switched`);
}

/** @param {import("playwright-core").Page} page */
async function startScreencast(page) {
  const session = await page.context().newCDPSession(page);
  /** @type {Frame[]} */
  const frames = [];
  session.on("Page.screencastFrame", ({ data, metadata, sessionId }) => {
    frames.push({ at: (metadata.timestamp ?? 0) * 1000, png: Buffer.from(data, "base64") });
    session.send("Page.screencastFrameAck", { sessionId }).catch(() => {});
  });
  await session.send("Page.startScreencast", { format: "png" });
  return {
    stop: async () => {
      await session.send("Page.stopScreencast");
      return frames.sort((a, b) => a.at - b.at);
    },
  };
}
