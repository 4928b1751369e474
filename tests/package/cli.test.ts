/** `npx steadymix` in an empty folder with the packed package. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import type { SteadymixEvent } from "steadymix";
import { type Command, type State, sampleServices } from "steadymix/emulator";
import { installed } from "./installed.ts";

const { folder } = installed();
const started: ChildProcess[] = [];
after(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

const SECRETS = { STEADYMIX_CUSTOMER_SECRET: "s3cret", STEADYMIX_APP_CERTIFICATE: "c".repeat(32) };
const SPEED = "40";
/** How long a command may run, on a busy machine. */
const LIMIT_MS = 30_000;

/** A command that runs, and what it has printed. */
class Running {
  readonly child: ChildProcess;
  readonly closed: Promise<[code: number | null]>;
  out = "";
  err = "";

  constructor(args: string[], env: Record<string, string> = SECRETS) {
    const stdio = ["ignore", "pipe", "pipe"] as const;
    const bin = join(folder, "node_modules", ".bin", "steadymix");
    this.child = spawn(bin, args, { cwd: folder, env: { PATH: process.env.PATH, ...env }, stdio: [...stdio] });
    started.push(this.child);
    setTimeout(() => this.child.kill("SIGKILL"), LIMIT_MS).unref();
    this.closed = once(this.child, "close") as Promise<[number | null]>;
    this.child.stdout?.setEncoding("utf8").on("data", (chunk) => {
      this.out += chunk;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (chunk) => {
      this.err += chunk;
    });
  }

  /** Resolves once the output matches. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.out);
      if (found) return found;
      assert.ok(this.child.exitCode === null && this.child.signalCode === null, this.out + this.err);
      await Promise.race([once(this.child.stdout ?? this.child, "data"), this.closed]);
    }
  }

  async ends(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal) this.child.kill(signal);
    const [code] = await this.closed;
    return code;
  }

  get events(): SteadymixEvent[] {
    return this.out.split("\n").flatMap((line) => (line ? (JSON.parse(line) as SteadymixEvent) : []));
  }
}

async function emulator(...flags: string[]) {
  const running = new Running(["emulator", "--port", "0", "--speed", SPEED, ...flags]);
  const [url] = await running.prints(/http:\/\/127\.0\.0\.1:\d+/);
  const state = async () => (await (await fetch(`${url}/state`)).json()) as State;
  const control = (command: Command) => fetch(`${url}/control`, { method: "POST", body: JSON.stringify(command) });
  return { running, url, state, control };
}

/** `supervise` against an emulator, with its payload in a file. */
function supervise(url: string, payload: string, ...flags: string[]): Running {
  const account = ["--app-id", "a".repeat(32), "--customer-id", "id", "--uids", "9001,9002"];
  return new Running(["supervise", payload, ...account, "--emulator", url, "--speed", SPEED, "--json", ...flags]);
}

function write(file: string, value: unknown): string {
  writeFileSync(join(folder, file), JSON.stringify(value));
  return file;
}

const confirmed = /"type":"confirmed"/;

test("npx steadymix --help lists the commands", () => {
  const help = execFileSync("npx", ["steadymix", "--help"], { cwd: folder, encoding: "utf8" });
  for (const command of ["demo", "emulator", "supervise", "doctor"])
    assert.match(help, new RegExp(`^ {2}${command} `, "m"));
});

test("the demo prints at once, plays all acts and ends without orphaned tasks", async () => {
  const startedAt = Date.now();
  const demo = new Running(["demo", "--speed", "100"]);
  await demo.prints(/\n/);
  assert.ok(Date.now() - startedAt < 5000, `${Date.now() - startedAt} ms`);
  assert.equal(await demo.ends(), 0, demo.out);
  assert.equal(demo.err, "");
  for (let act = 1; act <= 8; act += 1) assert.match(demo.out, new RegExp(`^── ${act}\\. `, "m"));
  assert.match(demo.out, /orphaned tasks +0$/m);
  assert.match(demo.out, /two tasks on one uid +0$/m);
  const wide = demo.out.split("\n").filter((line) => [...line].length > 80);
  assert.deepEqual(wide, [], "lines fit a terminal");
});

test("Ctrl-C ends the demo", async () => {
  const demo = new Running(["demo", "--speed", "1"]);
  await demo.prints(/launch 1/);
  assert.equal(await demo.ends("SIGINT"), 130);
  assert.equal(demo.err, "");
});

test("the emulator answers over HTTP, and SIGTERM ends it", async () => {
  const { running, url, state, control } = await emulator();
  const help = new Running(["emulator", "--help"]);
  assert.equal(await help.ends(), 0);
  const documentation = await (await fetch(url)).text();
  assert.ok(help.out.endsWith(documentation));
  assert.deepEqual((await state()).tasks, []);
  const nothing = await control({ type: "kill", uid: 9 });
  assert.equal(nothing.status, 400);
  assert.match(await nothing.text(), /command\.uid is 9, but must be of a live task, and there is none/);
  const basic = { authorization: `Basic ${btoa("id:secret")}` };
  const call = await fetch(`${url}/api.agora.io/v1/projects/app/rtsc/cloud-transcoder/tasks/t`, { headers: basic });
  assert.equal(call.status, 404);
  await running.prints(/ api\.agora\.io GET \/tasks\/t → 404 /);
  assert.equal(await running.ends("SIGTERM"), 0);
  assert.equal(running.err, "");
});

test("the guide's client in Python works with it", async (t) => {
  if (spawnSync("python3", ["--version"]).status !== 0) return t.skip("there is no Python");
  const { url } = await emulator();
  const guide = readFileSync(join(import.meta.dirname, "..", "..", "www", "docs", "guide", "testing.md"), "utf8");
  const [, program = ""] = /```python\n([\s\S]*?)```/.exec(guide) ?? [];
  const client = program.replace("http://127.0.0.1:8790", url);
  assert.notEqual(client, program);
  const python = spawn("python3", ["-c", client], { stdio: ["ignore", "ignore", "inherit"] });
  started.push(python);
  assert.deepEqual(await once(python, "close"), [0, null]);
});

test("supervise: killed and started again, it resumes with the payload as it is now", async () => {
  // Strict: every stream needs an RTC token, which the App certificate makes.
  const { url, state } = await emulator("--profile", write("profile.json", { strict: true }));
  const services = sampleServices();
  const payload = write("payload.json", services);
  const first = supervise(url, payload);
  await first.prints(confirmed);
  const twice = supervise(url, payload);
  assert.equal(await twice.ends(), 2);
  assert.match(twice.err, /^another process runs with payload\.json\.state: end it first, or name another file\n/);
  assert.equal(await first.ends("SIGKILL"), null);
  assert.equal(first.err, "");
  assert.equal(statSync(join(folder, `${payload}.state`)).mode & 0o777, 0o600);

  const other = supervise(url, payload, "--uids", "9003,9004");
  assert.equal(await other.ends(), 2);
  assert.match(
    other.err,
    /^--uids and --backup-uids are 9003,9004, but must be 9001,9002, as in payload\.json\.state\n/,
  );

  const second = {
    rtc: { rtcChannel: "studio", rtcUid: 2 },
    region: { x: 0, y: 0, width: 320, height: 180, zOrder: 3 },
  };
  services.cloudTranscoder.config.transcoder.videoInputs?.push(second);
  write(payload, services);
  const resumed = supervise(url, payload);
  await resumed.prints(/"type":"updated"/);
  assert.equal(await resumed.ends("SIGTERM"), 0);
  assert.equal(resumed.err, "");
  assert.ok(resumed.events.every(({ type }) => type !== "launching"));
  const { tasks, stats } = await state();
  assert.deepEqual(
    tasks.map(({ uid, live }) => [uid, live]),
    [[9001, false]],
  );
  assert.equal(stats.calls.create, 1);
  assert.throws(() => statSync(join(folder, `${payload}.state`)), "its state is deleted");
});

test("supervise: a backup of its own, and exit code 1 for a task that cannot be deleted", async () => {
  const { url, state, control } = await emulator();
  const payload = write("pair.json", sampleServices());
  writeFileSync(join(folder, "secret"), "s3cret\n");
  const pair = supervise(url, payload, "--backup-uids", "9101,9102", "--customer-secret-file", "secret");
  await pair.prints(/(?:"confirmed"[\s\S]*){2}/);
  await control({ type: "addRule", rule: { call: "delete", uid: 9101, effect: { type: "answer", status: 403 } } });
  assert.equal(await pair.ends("SIGTERM"), 1);
  assert.deepEqual(
    pair.events.flatMap((event) => (event.type === "orphaned" ? [event.uid] : [])),
    [9101],
  );
  assert.deepEqual(
    (await state()).tasks.filter(({ live }) => live).map(({ uid }) => uid),
    [9101],
  );
});

test("supervise: a second Ctrl-C ends it at once, and the next start deletes what is left", async () => {
  const { url, state, control } = await emulator();
  const payload = write("twice.json", sampleServices());
  const first = supervise(url, payload);
  await first.prints(confirmed);
  await control({ type: "addRule", rule: { call: "delete", effect: { type: "lose" } } });
  first.child.kill("SIGINT");
  await first.prints(/"type":"stopping"/);
  assert.equal(await first.ends("SIGINT"), 130);
  await control({ type: "clearRules" });
  const next = supervise(url, payload);
  assert.equal(await next.ends(), 0, next.err);
  assert.ok(next.events.every(({ type }) => type !== "launching"));
  assert.deepEqual(
    (await state()).tasks.map(({ uid, live }) => [uid, live]),
    [[9001, false]],
  );
});

test("wrong usage is exit code 2 and a sentence with flag, value and what is allowed", async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const file = write("usage.json", sampleServices());
  write("list.json", []);
  writeFileSync(join(folder, "empty"), "\n");
  const account = ["supervise", file, "--app-id", "app", "--customer-id", "id", "--uids", "1,2"];
  const cases: [args: string[], message: string, env?: Record<string, string>][] = [
    [["dmeo"], 'the command is "dmeo", but must be one of demo, emulator, serve, supervise, doctor'],
    [["doctor"], "steadymix doctor arrives with a later version."],
    [["demo", "--speed", "0"], '--speed is "0", but must be from 1 to 1000'],
    [["demo", "--sped", "5"], "Unknown option '--sped'"],
    [["emulator", "--port", "70000"], '--port is "70000", but must be from 0 to 65535'],
    [
      ["emulator", "--port", String(port)],
      `port ${port} is in use by another program: choose another one with --port, or --port 0 for any free port`,
    ],
    [["emulator", "--speed", "fast"], '--speed is "fast", but must be from 0.1 to 10000'],
    [["emulator", "--profile", "list.json"], '--profile is "list.json", but must be a file with a JSON object'],
    [["emulator", "--secret-env", "A"], '--secret-env is "A", but must be used with --webhook'],
    [["supervise"], "the file with the payload is missing"],
    [["supervise", file, "--uids", "1,x"], "--app-id is missing"],
    [[...account, "--uids", "1,x"], '--uids is "x", but must be an integer from 1 to 4294967295'],
    [[...account, "--area", "mars"], '--area is "mars", but must be one of china, north-america, europe, asia-pacific'],
    [
      account,
      "the environment variable STEADYMIX_CUSTOMER_SECRET must hold the customer secret, or --customer-secret-file name a file with it",
      {},
    ],
    [
      [...account, "--customer-secret-file", "empty"],
      '--customer-secret-file is "empty", but must be a file with the secret (it is empty)',
    ],
    [
      [...account, "--app-certificate-env", "NONE"],
      '--app-certificate-env is "NONE", but must be the name of an environment variable that is set',
    ],
    [account, "App ID and App certificate must be 32 hexadecimal digits each"],
  ];
  await Promise.all(
    cases.map(async ([args, message, env]) => {
      const running = new Running(args, env);
      assert.equal(await running.ends(), 2, message);
      assert.equal(running.err.split("\n")[0], message);
      assert.equal(running.out, "");
    }),
  );
});

test("--version is that of the package", async () => {
  const running = new Running(["--version"]);
  assert.equal(await running.ends(), 0);
  const { version } = JSON.parse(readFileSync(join(folder, "node_modules", "steadymix", "package.json"), "utf8"));
  assert.equal(running.out, `${version}\n`);
});
