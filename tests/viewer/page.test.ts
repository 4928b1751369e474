/** The viewer's page in Chromium with real video: each button, both languages, a phone. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { DEVELOPMENT_SITE } from "../../scripts/build/development.mjs";
import { inBrowser, launch, root, serve, shots } from "./browser.ts";
import { inChinese, inEnglish, keepWhatIsDrawn, textsOf } from "./pageTexts.ts";

const here = inBrowser("site", launch);
let page: Page;

afterEach(() => page?.context().close());

async function open(
  options: BrowserContextOptions = {},
  fragment = "",
  before?: (page: Page) => Promise<void>,
  url = here.url,
) {
  const context = await here.browser.newContext({ locale: "en-US", ...options });
  page = await context.newPage();
  await before?.(page);
  await page.goto(`${url}/${fragment}`);
}

const shown = () => page.getByTestId("shown").textContent();
const outageShown = () => page.getByTestId("outage").getByText(/^\d+ ms/);
/** Reported with the first frame of the new picture. */
const outage = async () => Number.parseInt((await outageShown().textContent()) ?? "", 10);
/** Long before the service reports a death, which takes 20 s. */
const isShown = (uid: number) =>
  page
    .getByTestId("shown")
    .filter({ hasText: String(uid) })
    .waitFor({ timeout: 10_000 });
const isHealth = (uid: number, health: string) =>
  page.locator(`.outputs li[data-health="${health}"]`, { hasText: String(uid) }).waitFor({ timeout: 20_000 });
const isHealthy = (uid: number) => isHealth(uid, "playing");
const pass = (ms: number) => page.waitForTimeout(ms);
const shoot = (name: string) => page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });

/** Waits until both are playing, and their cadence is known. */
async function watching(): Promise<void> {
  await isShown(9001);
  await isHealthy(9101);
  await pass(1500);
}

const isLogged = (line: string) => page.getByTestId("log").getByText(line).first().waitFor();

/** Whether the picture in front changes within this time. */
async function moves(ms = 3000): Promise<boolean> {
  const pictureOnTop = () =>
    page.evaluate(() => {
      const video = [...document.querySelectorAll<HTMLElement>(".screen [data-uid]")]
        .find(({ style }) => style.zIndex === "1")
        ?.querySelector("video");
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [160, 90];
      if (video) canvas.getContext("2d")?.drawImage(video, 0, 0, 160, 90);
      return canvas.toDataURL();
    });
  const before = await pictureOnTop();
  for (const until = performance.now() + ms; performance.now() < until; ) {
    await pass(100);
    if ((await pictureOnTop()) !== before) return true;
  }
  return false;
}

test("a killed task: the picture continues, and the outage is measured; the server replaces the task", async () => {
  await open();
  await watching();
  await isLogged("9001 runs");
  await isLogged("9101 runs");
  await page.getByTestId("kill").click();
  await isShown(9101);
  assert.ok(await moves());
  const ms = await outage();
  assert.ok(ms > 0 && ms < 10_000, `${ms} ms`);
  await shoot("killed-en");
  // Relaunched under its other uid, it becomes the standby; then the backup is killed as well.
  await isHealthy(9002);
  await pass(1500);
  await page.getByTestId("kill").click();
  await isShown(9002);
  assert.ok(await moves());
  for (const line of ["9001 → 9101", "Launching 9002", "Replaced: 9002 runs now", "9101 → 9002"]) await isLogged(line);
});

test("a stopped task: the other output at once", async () => {
  await open();
  await watching();
  await page.getByTestId("end").click();
  await isShown(9101);
  const ms = await outage();
  assert.ok(ms < 10_000, `${ms} ms`);
  await isHealth(9001, "absent");
});

test("frozen and restored: the viewer switches once, and stays", async () => {
  await open();
  await watching();
  await page.getByTestId("freeze").click();
  await isShown(9101);
  await isHealth(9001, "frozen");
  await page.getByTestId("bringBack").click();
  await isHealthy(9001);
  await pass(1000);
  assert.equal(await shown(), "9101");
});

test("both frozen: no switch; restored, the picture continues", async () => {
  await open();
  await watching();
  await page.getByTestId("freezeBoth").click();
  await pass(4000);
  assert.equal(await shown(), "9001");
  assert.equal(await moves(500), false);
  await page.getByTestId("bringBack").click();
  await isHealthy(9001);
  assert.ok(await moves());
  assert.equal(await shown(), "9001");
  assert.equal(await outageShown().count(), 0);
});

test("without an output in the channel none is on screen, until one is back", async () => {
  for (const [locale, viewport, text] of [
    ["en-US", { width: 1280, height: 900 }, "No output is in the channel."],
    ["zh-CN", { width: 360, height: 740 }, "频道中暂无输出流"],
  ] as const) {
    await open({ locale, viewport });
    await watching();
    await page.getByTestId("freezeBoth").click();
    for (const uid of [9001, 9101]) await isHealth(uid, "absent");
    await page.locator(".screen").getByRole("status").getByText(text).waitFor();
    assert.equal(await shown(), "–");
    assert.equal(await page.locator(".outputs .shown, .outputs [aria-current=true]").count(), 0);
    await shoot(`no-output-${locale}`);
    await page.getByTestId("bringBack").click();
    await page.getByTestId("shown").filter({ hasText: /\d/ }).waitFor({ timeout: 20_000 });
    assert.equal(await page.locator(".screen").getByRole("status").count(), 0);
    assert.ok(await moves());
    await page.context().close();
  }
});

test("muted: tracks published later are muted, too", async () => {
  await open({}, "", async (page) => {
    await page.addInitScript(logVolumes);
  });
  await watching();
  await page.getByRole("button", { name: "Turn the sound off" }).click();
  await page.getByTestId("freezeBoth").click();
  // The service unpublishes them after 10 s.
  for (const uid of [9001, 9101]) await isHealth(uid, "absent");
  const volume = page.waitForEvent("console", (line) => line.text().startsWith("volume: "));
  await page.getByTestId("bringBack").click();
  assert.equal((await volume).text(), "volume: 0");
});

test("the viewer's own network is interrupted: no switch", async () => {
  await open();
  await watching();
  await page.getByTestId("disturb").click();
  await pass(6500);
  assert.equal(await shown(), "9001");
  assert.ok(await moves());
});

test("with the keyboard alone", async () => {
  await open();
  await watching();
  const isFocused = (id: string) =>
    page.evaluate((id) => document.activeElement?.getAttribute("data-testid") === id, id);
  for (let i = 0; i < 20 && !(await isFocused("kill")); i += 1) await page.keyboard.press("Tab");
  assert.ok(await isFocused("kill"));
  await page.keyboard.press("Enter");
  await isShown(9101);
});

test("on a phone, in Chinese, dark: it fits, and can be switched to English, which is stored", async () => {
  await open({ locale: "zh-CN", colorScheme: "dark", viewport: { width: 360, height: 740 }, hasTouch: true });
  await watching();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, `${width} px`);
  await page.getByTestId("kill").tap();
  await isShown(9101);
  await shoot("phone-zh-dark");
  await page.getByRole("button", { name: "English" }).tap();
  await page.getByText("What happened").waitFor();
  await page.reload();
  await page.getByText("What happened").waitFor();
  await shoot("phone-en-dark");
});

test("on a wide screen, in both languages, light and dark", async () => {
  for (const [locale, colorScheme] of [
    ["en-US", "light"],
    ["zh-CN", "dark"],
  ] as const) {
    await open({ locale, colorScheme, viewport: { width: 1280, height: 900 } });
    await watching();
    await shoot(`wide-${locale}-${colorScheme}`);
    await page.context().close();
  }
});

test("the timeline has the colours of its legend, light and dark, in the release build and in the development build", async () => {
  const development = await serve(join(root, DEVELOPMENT_SITE));
  try {
    for (const [build, url] of [
      ["release", here.url],
      ["development", development.url],
    ] as const) {
      await open({ viewport: { width: 1280, height: 900 } }, "", undefined, url);
      await watching();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        // It is drawn four times a second.
        await pass(1000);
        const { drawn, legend, shown } = await page.evaluate(coloursOfTimeline);
        const pixels = (colour: string | undefined) => drawn[colour ?? ""] ?? 0;
        const of = `${build}, ${colorScheme}: ${JSON.stringify({ legend, shown, drawn })}`;
        assert.ok(pixels(legend.playing) > 200, `playing: ${of}`);
        assert.ok(pixels(shown) > 50, `on screen: ${of}`);
        assert.equal(pixels("rgb(0, 0, 0)"), 0, `black: ${of}`);
        await shoot(`timeline-${build}-${colorScheme}`);
      }
      await page.context().close();
    }
  } finally {
    await development.close();
  }
});

/**
 * Runs in the page: the number of pixels of each opaque colour in the chart, and the colours of the legend and of the outputs.
 */
function coloursOfTimeline() {
  const canvas = document.querySelector<HTMLCanvasElement>(".timeline canvas");
  const { data } = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
  const drawn: Record<string, number> = {};
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] !== 255) continue;
    const colour = `rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})`;
    drawn[colour] = (drawn[colour] ?? 0) + 1;
  }
  for (const [colour, count] of Object.entries(drawn)) if (count < 20) delete drawn[colour];
  const legend: Record<string, string> = {};
  for (const item of document.querySelectorAll<HTMLElement>(".legend li"))
    legend[item.dataset.health ?? ""] = getComputedStyle(item, "::before").backgroundColor;
  const badge = document.querySelector(".outputs .shown");
  return { drawn, legend, shown: badge ? getComputedStyle(badge).backgroundColor : "" };
}

for (const [locale, other, leftOvers] of [
  ["zh-CN", "English", inEnglish],
  ["en-US", "中文", inChinese],
] as const)
  test(`switched from ${locale}, everything is in ${other}: texts, names, the title, the log, and what the chart draws`, async () => {
    await open({ locale }, "", keepWhatIsDrawn);
    await watching();
    await page.getByTestId("kill").click();
    await isShown(9101);
    await page.getByTestId("freezeBoth").click();
    await page.locator('[data-testid="log"] li[data-side="server"]').nth(3).waitFor();
    await page.getByRole("button", { name: other }).click();
    const texts = await textsOf(page);
    assert.ok(texts.length > 50, "the page has texts");
    assert.deepEqual(leftOvers(texts), []);
    // The texts include the axis of the chart.
    assert.ok(texts.includes(other === "English" ? "seconds" : "秒"));
    await page.goto(`${here.url}/#appId=a&uids=9001,9101`);
    await page.getByRole("alert").waitFor();
    assert.deepEqual(leftOvers(await textsOf(page)), []);
  });

test("an unsupported language falls back to English", async () => {
  await open({ locale: "fr-FR" });
  await page.getByText("What happened").waitFor();
});

test("an address without a token: the page names the missing field, and offers the demonstration", async () => {
  await open({}, "#appId=0123456789abcdef0123456789abcdef&channel=show&uids=9001,9101");
  const alert = page.getByRole("alert");
  await alert.getByText("token is missing").waitFor();
  await shoot("problem-address");
  await alert.getByRole("link").click();
  await isShown(9001);
});

test("a wrong uid is named", async () => {
  await open({}, "#appId=a&channel=b&token=none&uids=9001,nine");
  await page.getByRole("alert").getByText('uids has "nine"').waitFor();
});

test("a channel that cannot be joined: the page shows the reason", async () => {
  await open({}, `#appId=x&channel=${encodeURIComponent("节目")}&token=none&uids=9001,9101`);
  await page.getByRole("alert").getByText("INVALID_PARAMS").waitFor();
  await shoot("problem-join");
});

test("without an answer from Agora, joining times out", async () => {
  await open({}, "#appId=x&channel=show&token=none&uids=9001,9101", (page) => page.clock.install());
  await page.getByText("Waiting for").waitFor();
  await page.clock.fastForward(20_000);
  await page.getByRole("alert").getByText("did not answer within 20 s").waitFor();
  await pass(1000);
  const asked: string[] = [];
  page.on("request", (request) => {
    // Except for the SDK's own telemetry.
    if (!request.url().includes("statscollector")) asked.push(request.url());
  });
  await page.clock.fastForward(60_000);
  await pass(1000);
  assert.deepEqual(asked, [], "no requests behind the error page");
});

test("errors of the feed are logged", async () => {
  await open({}, "#appId=x&channel=show&token=none&uids=9001,9101&broadcast=show&viewerToken=wrong");
  await page.getByTestId("log").getByText("lost the WebSocket").first().waitFor();
});

test("switching the language does not join again, which Agora's SDK refuses", async () => {
  await open({}, "#appId=x&channel=show&token=none&uids=9001,9101", (page) => page.clock.install());
  await page.getByText("Waiting for").waitFor();
  await page.getByRole("button", { name: "中文" }).click();
  await page.getByRole("button", { name: "English" }).waitFor();
  await page.clock.fastForward(5_000);
  assert.equal(await page.getByRole("alert").count(), 0);
});

test("without WebRTC, the page reports that", async () => {
  await open({}, "", async (page) => {
    await page.addInitScript("delete globalThis.RTCPeerConnection");
  });
  await page.getByRole("alert").getByText("no WebRTC").waitFor();
});

test("under a policy that forbids WebAssembly the page names the source that the policy lacks; with it, the page works", async (t) => {
  for (const [policy, text] of [
    ["script-src 'self'", "'wasm-unsafe-eval'"],
    ["script-src 'self' 'wasm-unsafe-eval'", "What happened"],
  ] as const) {
    const strict = await serve(join(root, "target", "www", "site"), { "content-security-policy": policy });
    t.after(() => strict.close());
    const context = await here.browser.newContext({ locale: "en-US" });
    page = await context.newPage();
    await page.goto(strict.url);
    await page.getByText(text).waitFor();
    await context.close();
  }
});

test("a browser that blocks audio: the page reports that, plays the video, and unmutes after a click", async () => {
  const silent = await launch("--autoplay-policy=document-user-activation-required");
  try {
    page = await silent.newPage({ locale: "en-US" });
    await page.addInitScript(logSounds);
    const refused = page.waitForEvent("console", (line) => line.text() === "sound: refused");
    await page.goto(here.url);
    // The page is not evaluated before, because that counts as a gesture in this browser.
    await refused;
    await watching();
    await page.getByText("The browser blocks the sound").waitFor();
    assert.ok(await moves());
    const sounds = page.waitForEvent("console", (line) => line.text() === "sound: plays");
    await page.getByRole("button", { name: "Turn the sound on" }).click();
    await sounds;
    await page.getByRole("button", { name: "Turn the sound off" }).waitFor();
  } finally {
    await silent.close();
  }
});

/** Runs in the page: logs whether each audio element may play. */
function logSounds(): void {
  const { play } = HTMLAudioElement.prototype;
  HTMLAudioElement.prototype.play = async function () {
    try {
      await play.call(this);
      console.log("sound: plays");
    } catch (error) {
      console.log("sound: refused");
      throw error;
    }
  };
}

/** Runs in the page: logs the volume of each audio element when it begins to play. */
function logVolumes(): void {
  const { play } = HTMLAudioElement.prototype;
  HTMLAudioElement.prototype.play = function () {
    console.log(`volume: ${this.volume}`);
    return play.call(this);
  };
}
