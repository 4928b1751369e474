/** WebKit, which has no WebRTC here: the entries under strict policies, a viewer on captured canvases, and the pages. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { By, until as located } from "selenium-webdriver";
import { startWrangler } from "../../scripts/wrangler.mjs";
import { KEY } from "../worker/system/system.ts";
import { root, serve, shots } from "./browser.ts";
import type { Entries, EntryName, Watching } from "./pages/entries.ts";
import { launchWebKit, type WebKit } from "./webkit.ts";

const STRICT = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'";
const WITH_WASM = STRICT.replace("'self'", "'self' 'wasm-unsafe-eval'");
const WITHOUT_WASM: EntryName[] = ["steadymix/viewer/no-wasm", "steadymix/emulator/scenarios"];
const STREAMING: EntryName[] = ["steadymix/streaming", "steadymix/viewer/streaming"];
const OTHERS: EntryName[] = ["steadymix", "steadymix/viewer", "steadymix/viewer/react", "steadymix/emulator"];

let webkit: WebKit;

before(async () => {
  mkdirSync(shots, { recursive: true });
  webkit = await launchWebKit();
});
after(() => webkit?.close());

async function open(t: TestContext, policy: string): Promise<string> {
  const server = await serve(join(root, "target", "www", "tests"), { "content-security-policy": policy });
  t.after(() => server.close());
  return `${server.url}/entries.html`;
}

/** The result of an async function of the page. */
const call = <Result>(expression: string, ...args: string[]): Promise<Result> =>
  webkit.driver.executeAsyncScript(
    `const [done, ...args] = [arguments[arguments.length - 1], ...arguments]; ${expression}.then(done)`,
    ...args,
  );
const load = (name: EntryName) => call<Awaited<ReturnType<Entries["load"]>>>("entries.load(args[0])", name);
const status = (): Promise<ReturnType<Watching["status"]>> => webkit.driver.executeScript("return watching.status()");

async function until<Sight>(read: () => Promise<Sight>, isSo: (sight: Sight) => boolean): Promise<Sight> {
  for (const deadline = Date.now() + 20_000; ; await pass(50)) {
    const sight = await read();
    if (isSo(sight)) return sight;
    if (Date.now() > deadline) throw new Error(`timed out: ${JSON.stringify(sight, null, 1)}`);
  }
}

const shoot = async (name: string) =>
  writeFileSync(join(shots, `${name}.png`), Buffer.from(await webkit.driver.takeScreenshot(), "base64"));

test("every entry is imported and used under a policy with 'wasm-unsafe-eval'", async (t) => {
  const url = await open(t, WITH_WASM);
  for (const name of [...WITHOUT_WASM, ...STREAMING, ...OTHERS]) {
    // In a page of its own: entries share modules.
    await webkit.driver.get(url);
    const loaded = await load(name);
    assert.equal(loaded.error, undefined, JSON.stringify(loaded));
    assert.ok(loaded.exports.length > 0, name);
  }
});

test("without it, the entries with WebAssembly name the source that the policy lacks; no-wasm works", async (t) => {
  const url = await open(t, STRICT);
  for (const name of [...STREAMING, ...OTHERS]) {
    await webkit.driver.get(url);
    const loaded = await load(name);
    assert.ok(loaded.error !== undefined, name);
    assert.match(loaded.message, /'wasm-unsafe-eval'/, name);
    if (STREAMING.includes(name))
      assert.match(loaded.message, /steadymix: cannot load WebAssembly from http.*\.wasm: /, name);
  }
  for (const name of WITHOUT_WASM) {
    await webkit.driver.get(url);
    assert.equal((await load(name)).error, undefined, name);
  }
});

for (const [name, policy] of [
  ["steadymix/viewer", WITH_WASM],
  ["steadymix/viewer/no-wasm", STRICT],
] as const) {
  test(`the viewer of ${name} sees the frames of canvases, and switches when they stop`, async (t) => {
    await webkit.driver.get(await open(t, policy));
    await call("entries.watch(args[0])", name);
    const first = await until(status, ({ health }) => health[9001] === "playing" && health[9101] === "playing");
    assert.deepEqual([first.shown, first.onTop], [9001, [9001]]);
    // Until the cadence of both is known.
    await pass(1500);
    await webkit.driver.executeScript("watching.silence(9001)");
    const { frames } = await until(status, ({ shown, onTop }) => shown === 9101 && onTop[0] === 9101);
    await pass(5000);
    const last = await status();
    assert.equal(last.shown, 9101);
    assert.ok((last.frames[9101] ?? 0) > (frames[9101] ?? 0) + 30, JSON.stringify([frames, last.frames]));
    assert.deepEqual(
      last.events.filter((type) => type === "switched" || type === "falseAlarm"),
      ["switched"],
    );
  });
}

test("the viewer's page reports missing WebRTC in both languages", async (t) => {
  const server = await serve(join(root, "target", "www", "site"));
  t.after(() => server.close());
  const { driver } = webkit;
  await driver.get(server.url);
  for (const [text, language] of [
    ["no WebRTC", "en"],
    ["没有 WebRTC", "zh"],
  ] as const) {
    await until(
      () => driver.executeScript<string>("return document.body.innerText"),
      (shown) => shown.includes(text),
    );
    await shoot(`webkit-viewer-${language}`);
    await driver.findElement(By.css("header button")).click();
  }
});

test("the console's Watch opens the viewer of the broadcast", async (t) => {
  const worker = await startWrangler();
  t.after(() => worker.stop());
  const { driver } = webkit;
  const find = (selector: string) => driver.wait(located.elementLocated(By.css(selector)), 20_000);
  await driver.get(`${worker.url}/console/#key=${KEY}`);
  await (await find("#id")).sendKeys("friday-show");
  await (await find("form button[type=submit]")).click();
  await (await find('[data-testid="onAir"]')).isDisplayed();
  await shoot("webkit-console-en");
  await (await find('[data-testid="watch"]')).click();
  const addresses = async () => {
    const found: string[] = [];
    for (const handle of await driver.getAllWindowHandles()) {
      await driver.switchTo().window(handle);
      found.push(await driver.getCurrentUrl());
    }
    return found;
  };
  const opened = await until(addresses, (found) => found.some((address) => address.includes("viewerToken=")));
  assert.equal(opened.length, 2, `${opened}`);
  const viewer = new URL(opened.find((address) => address.includes("viewerToken=")) ?? "");
  assert.equal(viewer.origin, worker.url);
  assert.equal(new URLSearchParams(viewer.hash.slice(1)).get("broadcast"), "friday-show");
});
