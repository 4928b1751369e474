/** Console and viewer page together: the demo of the Worker in a real browser. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { startWrangler } from "../../../scripts/wrangler.mjs";
import { SHOW_LANES, showServices } from "../../emulator/js/payload.ts";
import { launch, root } from "../../viewer/browser.ts";
import { inChinese, inEnglish, keepWhatIsDrawn, textsOf } from "../../viewer/pageTexts.ts";
import { ask, KEY, newBroadcast } from "./system.ts";

const shots = join(root, "target", "screenshots");
let worker: Awaited<ReturnType<typeof startWrangler>>;
let browser: Browser;
let page: Page;

before(async () => {
  mkdirSync(shots, { recursive: true });
  worker = await startWrangler();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await worker?.stop();
});
afterEach(() => page?.context().close());

async function open(
  options: BrowserContextOptions = {},
  fragment = `#key=${KEY}`,
  before?: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 900 }, ...options });
  page = await context.newPage();
  await before?.(page);
  await page.goto(`${worker.url}/console/${fragment}`);
}

const field = (label: string) => page.getByLabel(label, { exact: true });
const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
const state = (text: string) => page.getByTestId("state").getByText(text, { exact: true }).waitFor({ timeout: 30_000 });
const isLogged = (type: string) =>
  page.getByTestId("events").locator(`tr[data-type="${type}"]`).first().waitFor({ timeout: 30_000 });
const shoot = (name: string) => page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });

/** Starts a broadcast, and waits until both lanes run. */
async function start(id: string): Promise<void> {
  await field("Id").fill(id);
  await press("Start");
  await state("live");
  for (const lane of ["primary", "backup"]) {
    await page.getByTestId(`lane-${lane}`).getByText("running", { exact: true }).waitFor({ timeout: 30_000 });
  }
}

/** Opens the viewer page of the selected broadcast, and waits for its picture. */
async function watch(uid: number): Promise<Page> {
  const [viewer] = await Promise.all([page.context().waitForEvent("page"), page.getByTestId("watch").click()]);
  await shows(viewer, uid);
  // The viewer needs some time to learn the frame rate of both outputs.
  await viewer.locator('.outputs li[data-health="playing"]').nth(1).waitFor({ timeout: 20_000 });
  await viewer.waitForTimeout(1500);
  return viewer;
}

const shows = (viewer: Page, uid: number) =>
  viewer
    .getByTestId("shown")
    .filter({ hasText: String(uid) })
    .waitFor({ timeout: 20_000 });

async function onAir(): Promise<number> {
  return Number.parseInt((await page.getByTestId("onAir").textContent()) ?? "", 10);
}

test("a broadcast that is started in the console and watched in the viewer survives the loss of its task", async () => {
  await open();
  await start("friday-show");
  const before = await onAir();
  const viewer = await watch(before);
  await page.bringToFront();
  await page.getByTestId("fault-kill").click();
  await viewer.bringToFront();
  const other = before === 9001 ? 9101 : 9001;
  await shows(viewer, other);
  // The outage is known once the first frame of the other output is on screen.
  const measured = viewer.getByTestId("outage").locator("strong");
  await measured.waitFor({ timeout: 20_000 });
  const outage = await measured.textContent();
  assert.ok(Number.parseInt(outage ?? "", 10) < 10_000, `${outage}`);
  await viewer.screenshot({ path: join(shots, "worker-viewer.png"), fullPage: true });
  // The console shows why: the task ended, another output was put on air, and the lane relaunches under its other uid.
  await page.bringToFront();
  for (const type of ["ended", "onAir", "uidSwitched", "relaunched"]) await isLogged(type);
  await page
    .getByTestId("onAir")
    .filter({ hasText: String(other) })
    .waitFor();
  await page
    .getByText(before === 9001 ? "9002" : "9102")
    .first()
    .waitFor();
  await shoot("console-en");
  page.once("dialog", (dialog) => dialog.accept());
  await page.getByTestId("stop").click();
  await state("ended");
  await isLogged("stopped");
  await viewer.bringToFront();
  await viewer.getByTestId("log").getByText("The broadcast has ended").waitFor();
  // Instead of the picture; no output counts as on screen.
  await viewer.locator(".screen").getByText("The broadcast has ended").waitFor({ timeout: 30_000 });
  assert.equal(await viewer.getByTestId("shown").textContent(), "–");
  assert.equal(await viewer.locator(".outputs .shown, .outputs [aria-current=true]").count(), 0);
  await viewer.screenshot({ path: join(shots, "worker-viewer-over-en.png"), fullPage: true });
  await viewer.setViewportSize({ width: 390, height: 844 });
  await viewer.getByRole("button", { name: "中文" }).click();
  await viewer.locator(".screen").getByText("直播已结束", { exact: true }).waitFor();
  assert.ok(await viewer.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "it is too wide");
  await viewer.screenshot({ path: join(shots, "worker-viewer-over-zh-phone.png"), fullPage: true });
});

test("hosts leave and return in an input channel other than the default one", async () => {
  await open();
  await field("Channel of the hosts").fill("stage");
  await field("Idle limit (s)").fill("2");
  await start("on-stage");
  await page.getByTestId("fault-hostsLeave").click();
  await state("ended");
  assert.equal(await page.getByRole("alert").count(), 0);
  await press("Start a broadcast");
  await field("Channel of the hosts").fill("stage");
  await start("on-stage-again");
  await page.getByTestId("clear-faults").click();
  assert.equal(await page.getByRole("alert").count(), 0);
});

test("Watch without a token or a window reports the reason, and leaves no empty window", async () => {
  await open();
  await start("unwatched");
  const error = { code: "MISCONFIGURED", message: "VIEWER_TOKEN_SECRET is missing" };
  await page.route("**/viewer-tokens", (route) => route.fulfill({ status: 503, json: { error } }));
  const closed = page
    .context()
    .waitForEvent("page")
    .then(async (viewer) => {
      if (!viewer.isClosed()) await viewer.waitForEvent("close");
    });
  await page.getByTestId("watch").click();
  await page.getByRole("alert").getByText(error.message).waitFor();
  await closed;
  assert.equal(page.context().pages().length, 1);
  await page.unroute("**/viewer-tokens");
  await page.evaluate(() => {
    window.open = () => null;
  });
  await page.getByTestId("watch").click();
  await page.getByRole("alert").getByText("allow pop-ups").waitFor();
});

test("the console opens with a malformed address", async () => {
  await open();
  await field("Id").waitFor();
  await page.evaluate(() => {
    location.hash = "%";
  });
  await page.reload();
  await field("Id").waitFor();
});

test("without browser storage the key is asked for, and valid until the page is left", async () => {
  const context = await browser.newContext({ locale: "en-US" });
  page = await context.newPage();
  await page.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"])
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException("The request was denied.", "SecurityError");
        },
      });
  });
  await page.goto(`${worker.url}/console/`);
  await page.locator("#key").fill(KEY);
  await page.locator("#key").press("Enter");
  await field("Id").waitFor();
  await page.goto(`${worker.url}/console/?again#key=${KEY}`);
  await field("Id").waitFor();
});

test("an error of the Worker is shown next to its field, and no input is lost", async () => {
  await open();
  await field("Id").fill("no good");
  await field("Output uids of the primary").fill("1");
  await press("Start");
  const errorOf = (id: string) => page.locator(`#${id}-error`);
  await errorOf("id").getByText("must be 1 to 50 of A-Z a-z 0-9 - _").waitFor();
  assert.equal(await field("Id").getAttribute("aria-invalid"), "true");
  assert.match((await field("Id").getAttribute("aria-describedby")) ?? "", /id-error/);
  await field("Id").fill("good");
  await press("Start");
  await errorOf("primaryUids").waitFor();
  await field("Output uids of the primary").fill("9001 9002");
  await field("Frames per second").fill("61");
  await press("Start");
  await errorOf("fps").waitFor();
  await field("Frames per second").fill("thirty");
  await press("Start");
  await errorOf("fps").waitFor();
  await shoot("console-errors");
  await field("Frames per second").fill("30");
  await field("Bit rate (kbit/s)").fill("0");
  await press("Start");
  await errorOf("bitrate").waitFor();
  assert.equal(await field("Output uids of the primary").inputValue(), "9001 9002");
});

test("each lane shows its last problem with the service's own texts", async () => {
  await open();
  await start("troubled");
  assert.equal(await page.locator('[data-testid^="problem-"]').count(), 0);
  await page.getByTestId("fault-kill").click();
  const trouble = page.getByTestId("problem-primary");
  await trouble.filter({ hasText: "ended" }).waitFor({ timeout: 30_000 });
  assert.match((await trouble.textContent()) ?? "", /^Last problem: ended 200 · abnormal \d+ s ago$/);
  for (const [name, viewport] of [
    ["console-trouble", { width: 1280, height: 900 }],
    ["console-trouble-phone", { width: 390, height: 844 }],
  ] as const) {
    await page.setViewportSize(viewport);
    // It stands below the facts of the lane, in line with them.
    const style = await trouble.evaluate((element) => {
      const { textAlign, paddingTop, paddingLeft } = getComputedStyle(element);
      return { textAlign, paddingTop, paddingLeft };
    });
    assert.deepEqual(style, { textAlign: "start", paddingTop: "0px", paddingLeft: "0px" });
    await shoot(name);
  }
});

test("a payload is changed, and the console reports for each lane how it is applied", async () => {
  const update = "The running task is updated. A task that is being launched is updated once it runs.";
  const relaunch = "A new task with this payload starts under another uid. Once it runs, it replaces the running task.";
  const launch = "No task is running. The next one starts with this payload.";
  const nothing = "No change: the lane already has this payload.";
  const change = () => page.locator("details").getByRole("button", { name: "Change the payload" }).click();
  const become = async (...lanes: string[]) => {
    const [primary = "", backup = ""] = lanes;
    const updates = page.getByTestId("updates");
    await updates.getByText(primary).first().waitFor();
    assert.deepEqual(await updates.locator("dd").allTextContents(), [primary, backup]);
    assert.deepEqual(await updates.locator("dt").allTextContents(), ["primary", "backup"]);
  };
  await open();
  await start("changed");
  await page.getByText("Change the payload").first().click();
  await field("Uids of the hosts in the picture").fill("1 2");
  await change();
  await become(update, update);
  await isLogged("updated");
  await change();
  await become(nothing, nothing);
  await field("Picture size").selectOption("640×360");
  await change();
  await become(relaunch, relaunch);
  await shoot("console-rollout-en");
  await page.setViewportSize({ width: 390, height: 844 });
  await press("中文");
  await page.getByTestId("updates").getByText("新任务运行后替换原任务").first().waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "it is too wide");
  await shoot("console-rollout-zh-phone");
  await press("English");
  await isLogged("relaunched");
  // The lanes may differ.
  const updates = [
    { lane: "primary", via: "launch" },
    { lane: "backup", via: "update" },
  ];
  await page.route("**/broadcasts/changed", (route) =>
    route.request().method() === "PATCH" ? route.fulfill({ json: { updates } }) : route.continue(),
  );
  await change();
  await become(launch, update);
  await page.unroute("**/broadcasts/changed");
  await field("Idle limit (s)").fill("0");
  await change();
  await page.locator("#idleTimeout-error").waitFor();
  assert.equal(await page.getByTestId("updates").count(), 0);
});

test("an update starts from the current payload, and keeps the fields that the form lacks", async () => {
  const services = showServices(120);
  const { transcoder } = services.cloudTranscoder.config;
  const region = { x: 100, y: 50, width: 320, height: 180, zOrder: 7 };
  transcoder.videoInputs = [
    { streamUrl: "https://media.example/k3y-of-the-media.mp4", region: { ...region, zOrder: 2 } },
    { rtc: { rtcChannel: "studio", rtcUid: 3 }, volume: 50, region },
  ];
  transcoder.waterMarks = [{ imageUrl: "https://media.example/logo.png", region }];
  const inForce = async () =>
    (await ask(worker.url, "GET", "/broadcasts/prefilled")).json.services.cloudTranscoder.config.transcoder;
  assert.equal((await ask(worker.url, "POST", "/broadcasts", newBroadcast("prefilled", { services }))).status, 201);
  await open();
  await page.getByRole("button", { name: /^prefilled/ }).click();
  await state("live");
  await page.getByText("Change the payload").first().click();
  assert.equal(await field("Uids of the hosts in the picture").inputValue(), "3");
  assert.equal(await field("Idle limit (s)").inputValue(), "120");
  const change = page.locator("details").getByRole("button", { name: "Change the payload" });
  await field("Frames per second").fill("20");
  await change.click();
  await page.getByTestId("updates").waitFor();
  assert.equal(await field("Frames per second").inputValue(), "20");
  const first = await inForce();
  assert.equal(first.outputs[0].videoOption.fps, 20);
  const hidden = { ...transcoder.videoInputs[0], streamUrl: first.videoInputs[0].streamUrl };
  assert.match(hidden.streamUrl, /^\*\*\*/);
  assert.deepEqual([first.idleTimeout, first.waterMarks], [120, transcoder.waterMarks]);
  assert.deepEqual(first.videoInputs, [hidden, transcoder.videoInputs[1]]);
  await shoot("console-update");
  // Another operator changes the payload: fields that are not edited here follow.
  await field("Uids of the hosts in the picture").fill("3 4");
  await ask(worker.url, "PATCH", "/broadcasts/prefilled", {
    services: {
      cloudTranscoder: { ...services.cloudTranscoder, config: { transcoder: { ...first, idleTimeout: 240 } } },
    },
  });
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>("#idleTimeout")?.value === "240");
  await change.click();
  await page.getByTestId("updates").waitFor();
  const second = await inForce();
  assert.deepEqual([second.idleTimeout, second.videoInputs.length], [240, 3]);
  assert.deepEqual(second.videoInputs[0], {
    ...transcoder.videoInputs[1],
    region: { x: 0, y: 0, width: 640, height: 360, zOrder: 7 },
  });
  assert.deepEqual(second.videoInputs[1].rtc, { rtcChannel: "studio", rtcUid: 4 });
});

test("payloads that differ between lanes cannot be edited", async () => {
  const [primary, backup] = SHOW_LANES;
  const lanes = [primary, { ...backup, services: showServices(600) }];
  assert.equal((await ask(worker.url, "POST", "/broadcasts", newBroadcast("differing", { lanes }))).status, 201);
  await open();
  await page.getByRole("button", { name: /^differing/ }).click();
  await page.getByText("the lanes have different ones").waitFor();
  assert.equal(await page.locator("details").count(), 0);
});

test('a broadcast may have the id "new"', async () => {
  await open();
  await start("new");
  await page.reload();
  await state("live");
  page.once("dialog", (dialog) => dialog.accept());
  await page.getByTestId("stop").click();
  await state("ended");
  await press("Start a broadcast");
  await field("Id").waitFor();
});

test("the address of a deleted broadcast shows a message and the other broadcasts", async () => {
  await open();
  await start("kept");
  for (const id of ["forgotten", "kept?"]) {
    await page.goto(`${worker.url}/console/#${encodeURIComponent(id)}`);
    await page.reload();
    await page.getByText(`There is no broadcast ${id}.`).waitFor();
    await page.getByRole("button", { name: /^kept/ }).waitFor();
    await page.getByRole("heading", { name: "The App ID's limits" }).waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
  }
  await shoot("console-forgotten");
  await page.getByRole("button", { name: /^kept/ }).click();
  await state("live");
});

test("the console distinguishes errors of the Worker from a Worker that does not answer", async () => {
  await open();
  await page.getByRole("heading", { name: "The App ID's limits" }).waitFor();
  const error = { code: "MISCONFIGURED", message: "QUOTA.burst is 1" };
  await page.route("**/api/quota", (route) => route.fulfill({ status: 503, json: { error } }));
  await page.getByRole("alert").getByText(error.message, { exact: true }).waitFor();
  await page.unroute("**/api/quota");
  await page.getByRole("alert").waitFor({ state: "detached" });
  await page.route("**/api/**", (route) => route.abort());
  await page.getByRole("alert").getByText("The Worker does not answer:").waitFor();
});

test("outdated data is marked as such, with its age, until the Worker answers again", async () => {
  for (const [language, options] of [
    ["en", {}],
    ["zh", { locale: "zh-CN", viewport: { width: 390, height: 844 } }],
  ] as const) {
    await open(options);
    if (language === "en") await start("stale");
    else await page.getByRole("button", { name: /stale/ }).click();
    await page.getByTestId("state").waitFor();
    assert.equal(await page.getByTestId("stale").count(), 0);
    const colourOf = (of: string) =>
      page
        .locator(of)
        .first()
        .evaluate((badge) => getComputedStyle(badge).borderColor);
    const badges = ['[data-testid="state"]', ".broadcasts .badge", ".lanes .badge"];
    const before = await Promise.all(badges.map(colourOf));
    // Once requests fail, once they get no answer.
    await page.route("**/api/**", language === "en" ? (route) => route.abort() : () => {});
    await page.getByTestId("stale").nth(1).waitFor();
    const ago = language === "en" ? /(\d+) s ago/ : /(\d+) 秒前/;
    const ageOf = async (of: string) => Number(ago.exec((await page.getByTestId(of).first().textContent()) ?? "")?.[1]);
    assert.ok((await ageOf("state")) >= 4);
    const older = await ageOf("stale");
    await page.waitForFunction(
      ([before, pattern]) => {
        const text = document.querySelector('[data-testid="stale"]')?.textContent ?? "";
        return Number(new RegExp(String(pattern)).exec(text)?.[1]) > Number(before);
      },
      [older, ago.source],
    );
    for (const [i, of] of badges.entries()) assert.notEqual(await colourOf(of), before[i], of);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "it is too wide");
    await shoot(`console-stale-${language}`);
    await page.unroute("**/api/**");
    await page.getByTestId("stale").first().waitFor({ state: "detached", timeout: 30_000 });
    assert.deepEqual(await Promise.all(badges.map(colourOf)), before);
    await page.context().close();
  }
});

test("the console in Chinese, in dark mode, on a phone, with the broadcast of the address", async () => {
  await open();
  await start("phone");
  await page.context().close();
  await open({ locale: "zh-CN", colorScheme: "dark", viewport: { width: 390, height: 844 } });
  await page.getByRole("button", { name: /phone/ }).click();
  await page.getByTestId("state").getByText("直播中").waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh");
  await page.getByText("更改任务参数").first().click();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "it is too wide");
  await shoot("console-phone-zh-update");
  await page.reload();
  await page.getByTestId("state").getByText("直播中").waitFor();
  await shoot("console-phone-zh");
  await press("English");
  await page.getByTestId("state").getByText("live").waitFor();
});

for (const [locale, other, leftOvers] of [
  ["zh-CN", "English", inEnglish],
  ["en-US", "中文", inChinese],
] as const)
  test(`switched from ${locale}, everything in the console is in ${other}`, async () => {
    const id = `language-${locale}`;
    await open();
    await start(id);
    await page.context().close();
    await open({ locale }, `#key=${KEY}`, keepWhatIsDrawn);
    const { json } = await ask(worker.url, "GET", "/broadcasts");
    const ids: string[] = json.broadcasts.map((broadcast: { id: string }) => broadcast.id);
    // Names that the operator chose.
    const names = [...ids, "· show"];
    const leftOver = async () =>
      leftOvers(await textsOf(page)).filter((text) => !names.some((name) => text.includes(name)));
    await press(other);
    assert.deepEqual(await leftOver(), []);
    await page.getByRole("button", { name: id }).click();
    await page.getByTestId("state").waitFor();
    assert.ok((await textsOf(page)).length > 40);
    assert.deepEqual(await leftOver(), []);
  });

test("the content security policy allows no other origin, and the pages comply", async () => {
  const context = await browser.newContext({ locale: "en-US" });
  page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (line) => {
    if (/Content Security Policy|Refused to/.test(line.text())) complaints.push(line.text());
  });
  for (const path of ["/", "/console/", "/docs/", "/docs/zh/guide/server", "/docs/rust/steadymix/"]) {
    const answer = await page.goto(worker.url + path);
    const headers = answer?.headers() ?? {};
    assert.match(
      headers["content-security-policy"] ?? "",
      /script-src 'self' 'wasm-unsafe-eval'.*frame-ancestors 'self'/,
    );
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["referrer-policy"], "no-referrer");
    // The demo of the viewer page uses WebAssembly, WebRTC and sound.
    if (path === "/") await page.getByTestId("shown").filter({ hasText: "9001" }).waitFor({ timeout: 20_000 });
  }
  assert.deepEqual(complaints, []);
});

test("the console links to the documentation, whose search finds Chinese words inside sentences", async () => {
  await open({ locale: "zh-CN" });
  const address = await page.getByRole("link", { name: "文档", exact: true }).getAttribute("href");
  await page.goto(worker.url + address);
  await page.getByRole("button", { name: "搜索" }).click();
  await page.getByRole("searchbox").fill("备路");
  // The word is inside this title, and inside a sentence of the other page.
  for (const title of ["主路与备路", "在线试用"]) await page.getByRole("option", { name: title }).first().waitFor();
});

test("nothing is shown without a valid key", async () => {
  await open({}, "");
  await page.getByLabel("Operator key").fill("wrong");
  await press("Enter");
  await page.getByRole("alert").getByText("does not accept this key").waitFor();
  assert.equal(await page.getByText("Broadcasts").count(), 0);
  await page.getByLabel("Operator key").fill(KEY);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Broadcasts" }).waitFor();
  assert.ok(!page.url().includes(KEY));
  await press("Leave");
  await page.getByLabel("Operator key").waitFor();
});
