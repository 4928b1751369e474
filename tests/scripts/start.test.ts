/** `npm start`, and other commands at the same time. */
import assert from "node:assert/strict";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import { launch } from "../viewer/browser.ts";
import { ask, newBroadcast } from "../worker/system/system.ts";
import { Clone, type Running, until } from "./clone.ts";

const clone = new Clone();
after(() => clone.remove());
afterEach(async () => {
  for (const running of started.splice(0)) running.kill("SIGTERM");
  await until(() => clone.processes().length === 0);
});
const started: Running[] = [];

function npm(...args: string[]): Running {
  const running = clone.npm(...args);
  started.push(running);
  return running;
}

const READY = /(http:\/\/127\.0\.0\.1:\d+)\/console[\s\S]*Ready after/;

/** Starts it on a free port and resolves with its URL. */
async function start(): Promise<{ running: Running; url: string }> {
  const running = npm("start", "--", "--port", "0", "--no-docs");
  const [, url = ""] = await running.prints(READY);
  return { running, url };
}

function edit(file: string, from: string, to: string): void {
  const text = readFileSync(join(clone.folder, file), "utf8");
  assert.ok(text.includes(from), `${file} has ${from}`);
  writeFileSync(join(clone.folder, file), text.replace(from, to));
}

/** The page's current script. */
async function script(url: string): Promise<string> {
  const page = await (await fetch(`${url}/`)).text();
  const [path = ""] = /assets\/index[^"]*\.js/.exec(page) ?? [];
  return (await fetch(`${url}/${path}`)).text();
}

/** A port that is in use. */
async function takenPort(t: { after: (end: () => void) => void }): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test("without changes, nothing is built", async () => {
  const { running } = await start();
  assert.doesNotMatch(running.text, /\[1\/|Built in/);
});

for (const signal of ["SIGTERM", "SIGHUP", "SIGKILL"] as const)
  test(`${signal} to npm when ready ends all processes`, async () => {
    const { running } = await start();
    assert.ok(clone.processes().some((line) => line.includes("workerd")));
    running.kill(signal);
    await running.exit;
    await until(() => clone.processes().length === 0);
    assert.doesNotMatch(running.text, /steadymix:/);
  });

test("Ctrl-C ends all processes", async () => {
  const { running } = await start();
  running.interrupt();
  await running.exit;
  await until(() => clone.processes().length === 0);
});

test("SIGTERM to npm while it compiles ends the compiler", async () => {
  edit("src/time.rs", "//!", "//! Edited.\n//!");
  const running = npm("start", "--", "--port", "0", "--no-docs");
  await until(() => clone.processes().some((line) => line.includes("rustc")));
  running.kill("SIGTERM");
  await running.exit;
  await until(() => clone.processes().length === 0);
  edit("src/time.rs", "//! Edited.\n//!", "//!");
});

test("SIGTERM to npm while the Worker starts ends the Worker", async () => {
  const running = npm("start", "--", "--port", "0", "--no-docs");
  await until(() => clone.processes().some((line) => line.includes("wrangler.js dev")));
  running.kill("SIGTERM");
  await running.exit;
  await until(() => clone.processes().length === 0);
});

test("a port in use fails with one sentence, before the build", async (t) => {
  const port = await takenPort(t);
  edit("src/js/errors.ts", "\n", "\n\n");
  const running = npm("start", "--", "--port", String(port));
  const [code] = await running.exit;
  edit("src/js/errors.ts", "\n\n", "\n");
  assert.equal(code, 1);
  assert.doesNotMatch(running.text, /\[1\//);
  const lines = running.text.split("\n").filter((line) => line && !line.startsWith(">"));
  assert.deepEqual(lines, [
    `steadymix: port ${port} is in use by another program: choose another one with --port, or --port 0 for any free port`,
  ]);
});

test("two concurrent starts after a change build once, and both serve the pages", async () => {
  edit("www/viewer/src/texts.ts", "What happened", "What came to pass");
  const both = await Promise.all([start(), start()]);
  assert.equal(both.filter(({ running }) => running.text.includes("The pages")).length, 1);
  for (const { url } of both) assert.match(await script(url), /What came to pass/);
  edit("www/viewer/src/texts.ts", "What came to pass", "What happened");
});

test("npm run demo at the same time: both continue, and no task is lost", async () => {
  const { running, url } = await start();
  const built = () => running.text.split("\n").filter((line) => /^\[\d+\/\d+\] /.test(line));
  const before = built();
  assert.notDeepEqual(before, []);
  assert.equal((await ask(url, "POST", "/broadcasts", newBroadcast("beside"))).status, 201);
  await until(async () => (await ask(url, "GET", "/broadcasts/beside")).json.state === "live");
  const live = async () =>
    (await ask(url, "GET", "/demo/tasks")).json.tasks.flatMap((task: { taskId: string; live: boolean }) =>
      task.live ? [task.taskId] : [],
    );
  const tasks = await live();
  const demo = npm("run", "demo", "--", "--speed", "200");
  const [code] = await demo.exit;
  assert.equal(code, 0, demo.text);
  assert.deepEqual(await live(), tasks);
  assert.deepEqual(built(), before, "nothing is rebuilt");
});

test("an edit of TypeScript reaches the Worker and the page; an edit that does not compile changes nothing", async (t) => {
  const running = npm("start", "--", "--port", "0", "--no-docs");
  // Edits before it is ready count, too, and an editor's lock file does not disturb.
  await running.prints(/Starting the Worker/);
  symlinkSync("user@host.1:2", join(clone.folder, "src", ".#uid.rs"));
  const description = "src/js/cloudflare/openApi.ts";
  edit(description, 'title: "Steadymix"', 'title: "Edited"');
  const [, url = ""] = await running.prints(READY);
  await until(async () => (await fetch(`${url}/api/health`).catch(() => undefined))?.ok === true);
  const title = async () => {
    const answer = await fetch(`${url}/api/openapi.json`).catch(() => undefined);
    return ((await answer?.json()) as { info?: { title?: string } } | undefined)?.info?.title;
  };
  await until(async () => (await title()) === "Edited");
  const browser = await launch();
  t.after(() => browser.close());
  const page = await browser.newPage({ locale: "en-US" });
  await page.goto(`${url}/`);
  await page.getByText("What happened").waitFor();
  edit("www/viewer/src/texts.ts", "What happened", "What took place");
  // It reloads by itself.
  await page.getByText("What took place").waitFor();

  edit(description, 'title: "Edited"', "title: nothingOfThatName");
  await running.prints(/nothingOfThatName[\s\S]*The build failed: the previous one is still served/);
  assert.equal(await title(), "Edited");
  edit(description, "title: nothingOfThatName", 'title: "Steadymix"');
  await running.prints(/The build succeeds again/);
  await until(async () => (await title()) === "Steadymix");
});

test("--help is printed without building, and wrong flags are named", async () => {
  for (const command of [["start"], ["run", "demo"], ["run", "emulator"]]) {
    const help = npm(...command, "--", "--help");
    assert.equal((await help.exit)[0], 0);
    assert.doesNotMatch(help.text, /\[1\//);
    assert.match(help.text, /--(port|speed)/);
    const wrong = npm(...command, "--", "--colour");
    assert.notEqual((await wrong.exit)[0], 0);
    assert.match(wrong.text, /--colour/);
  }
});
