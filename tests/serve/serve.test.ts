/** A server of one's own: what it survives, and what it refuses. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { chance } from "../emulator/js/chance.ts";
import { SHOW_LANES, showServices } from "../emulator/js/payload.ts";
import { QUICK } from "../worker/policy.ts";
import { ask, Command, emptyFolder, removeFolder, until, updatesOf } from "./server.ts";

const KILLS = Number(process.env.STEADYMIX_KILLS ?? 6);
const seed = Number(process.env.STEADYMIX_KILL_SEED ?? Date.now() % 1_000_000);
const APP_ID = "0123456789abcdef0123456789abcdef";

interface Task {
  taskId: string;
  uid: number;
  live: boolean;
}

const isLive = ({ live }: Task) => live;
const tasksAt = async (url: string): Promise<Task[]> => (await ask(url, "GET", "/demo/tasks")).tasks;
const statusAt = (url: string) => ask(url, "GET", "/broadcasts/show");
const allRun = async (url: string) =>
  (await statusAt(url)).lanes.every(({ state }: { state: string }) => state === "running");

/** The emulated service starts tasks within 2 s. */
const newShow = () => ({
  id: "show",
  services: showServices(),
  lanes: SHOW_LANES,
  policy: { ...QUICK, confirmTimeoutMs: 8_000 },
});

/** Starts the pair, and waits until both tasks run. */
async function startShow(url: string): Promise<void> {
  assert.equal((await ask(url, "POST", "/broadcasts", newShow())).state, "starting");
  await until(() => allRun(url), "both tasks run");
}

/** Ends the broadcast: no task may be left. */
async function stopShow(url: string): Promise<void> {
  await ask(url, "DELETE", "/broadcasts/show");
  await until(async () => (await statusAt(url)).state === "ended", "the broadcast has ended", 60_000);
  assert.deepEqual((await tasksAt(url)).filter(isLive), []);
}

/** The number of Queries in the emulator's journal. Reading it wakes nothing. */
function queriesIn(folder: string): number {
  const objects = join(folder, "steadymix-data", APP_ID, "steadymix-Service");
  const file = readdirSync(objects).find((name) => /^[0-9a-f]+\.sqlite$/.test(name)) ?? "";
  const db = new DatabaseSync(join(objects, file), { readOnly: true, timeout: 5_000 });
  try {
    const query = `SELECT COUNT(*) AS count FROM journal WHERE entry LIKE '%"method":"GET"%/tasks/%'`;
    return Number(db.prepare(query).get()?.count);
  } finally {
    db.close();
  }
}

test(`killed with kill -9 ${KILLS} times (seed ${seed}): everything goes on, no task is left`, async (t) => {
  const random = chance(seed);
  const folder = emptyFolder();
  let command = new Command(folder, ["--emulator", "--port", "0"]);
  t.after(async () => {
    await command.kill();
    removeFolder(folder);
  });
  let url = await command.ready();
  await startShow(url);

  const { token } = await ask(url, "POST", "/broadcasts/show/viewer-tokens", {});
  const viewer = new AbortController();
  const updates = updatesOf(url, "show", token, viewer.signal);
  await until(async () => updates.length > 0, "the viewer is connected");
  const { onAir } = await statusAt(url);
  await ask(url, "POST", "/demo/faults", { name: "kill", broadcast: "show", uid: onAir.uid });
  await until(
    async () => updates.some((update) => update.onAir && update.onAir !== onAir.uid),
    "the viewer is switched",
  );
  const polled = await fetch(`${url}/api/broadcasts/show/on-air?token=${token}`);
  assert.notEqual(((await polled.json()) as { onAir: { uid: number } }).onAir.uid, onAir.uid);
  viewer.abort();

  for (let kill = 1; kill <= KILLS; kill += 1) {
    // Random moments, not a wait for something.
    await new Promise((resolve) => setTimeout(resolve, random() * 1500));
    const live = (await tasksAt(url)).filter(isLive);
    const victim = live[Math.floor(random() * live.length * 1.5)];
    if (victim) await ask(url, "POST", "/demo/faults", { name: "kill", broadcast: "show", uid: victim.uid });
    await new Promise((resolve) => setTimeout(resolve, random() * 1500));
    const before = (await tasksAt(url)).map(({ taskId }) => taskId);
    const [runtime] = Command.runtimesIn(folder);
    if (random() < 0.5 && runtime !== undefined) process.kill(runtime, "SIGKILL");
    await command.kill();
    command = new Command(folder, ["--emulator", "--port", "0"]);
    url = await command.ready();
    const after = (await tasksAt(url)).map(({ taskId }) => taskId);
    const forgotten = before.filter((taskId) => !after.includes(taskId));
    assert.deepEqual(forgotten, [], `the emulated service remembers its tasks after kill ${kill}`);
  }
  await until(() => allRun(url), "both tasks run again", 60_000);
  const events = (await ask(url, "GET", "/broadcasts/show/events")).events as { type: string }[];
  assert.deepEqual(
    events.filter(({ type }) => type === "orphaned"),
    [],
  );
  await stopShow(url);
});

test("alarms fire after a restart without any request, also those that the runtime has lost", async (t) => {
  const folder = emptyFolder();
  let command = new Command(folder, ["--emulator", "--port", "0"]);
  t.after(async () => {
    await command.kill();
    removeFolder(folder);
  });
  await startShow(await command.ready());
  for (const loses of [false, true]) {
    await command.kill();
    await until(async () => Command.runtimesIn(folder).length === 0, "the runtime has ended with the command");
    if (loses) {
      // The runtime's own lists of alarms. The emulator's objects would wake broadcasts with notifications.
      const data = join(folder, "steadymix-data");
      for (const file of readdirSync(data, { recursive: true, encoding: "utf8" }))
        if (basename(file).startsWith("metadata.")) rmSync(join(data, file));
    }
    const before = queriesIn(folder);
    command = new Command(folder, ["--emulator", "--port", "0"]);
    await command.ready();
    await until(async () => queriesIn(folder) > before + 4, `Queries continue (alarms lost: ${loses})`);
  }
});

test("a copy of the folder, made while the server runs, is a server that goes on", async (t) => {
  const [folder, restored] = [emptyFolder(), emptyFolder()];
  const command = new Command(folder, ["--emulator", "--port", "0"]);
  let copy: Command | undefined;
  t.after(async () => {
    await command.kill();
    await copy?.kill();
    for (const each of [folder, restored]) removeFolder(each);
  });
  await startShow(await command.ready());
  const data = join(folder, "steadymix-data");
  const before = queriesIn(folder);
  // As the guide says: the databases by SQLite itself.
  for (const name of readdirSync(data, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".sqlite")) continue;
    const to = join(restored, "steadymix-data", name);
    mkdirSync(dirname(to), { recursive: true });
    const db = new DatabaseSync(join(data, name), { readOnly: true, timeout: 5_000 });
    db.exec(`VACUUM INTO '${to}'`);
    db.close();
  }
  await command.kill();
  copy = new Command(restored, ["--emulator", "--port", "0"]);
  const url = await copy.ready();
  await until(async () => queriesIn(restored) > before + 4, "Queries continue");
  await until(() => allRun(url), "both tasks run");
  await stopShow(url);
});

test("a runtime that dies is started again; SIGTERM ends everything", async (t) => {
  const folder = emptyFolder();
  const command = new Command(folder, ["--emulator", "--port", "0"]);
  t.after(async () => {
    await command.kill();
    removeFolder(folder);
  });
  const url = await command.ready();
  const [runtime] = Command.runtimesIn(folder);
  assert.ok(runtime);
  process.kill(runtime, "SIGKILL");
  await until(async () => /workerd ended with .*started again/.test(command.output), "its end is reported");
  await until(
    () =>
      fetch(`${url}/api/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    "it answers again, at the same port",
  );
  for (const path of ["/", "/console/"]) assert.match(await (await fetch(url + path)).text(), /<script/);
  assert.equal((await fetch(`${url}/console`, { redirect: "manual" })).headers.get("location"), `${url}/console/`);
  assert.equal((await fetch(`${url}/..%2f..%2fworker.js`)).status, 404);
  assert.equal(await command.kill("SIGTERM"), 0);
  await until(async () => Command.runtimesIn(folder).length === 0, "the runtime has ended");
});

test("what it cannot use is refused with its name", async (t) => {
  const folder = emptyFolder();
  const command = new Command(folder, ["--emulator", "--port", "0"]);
  t.after(async () => {
    await command.kill();
    removeFolder(folder);
  });
  await command.ready();
  const refusal = async (args: string[], env?: NodeJS.ProcessEnv) => {
    const refused = new Command(folder, args, env);
    assert.equal(await refused.exited, 2, refused.output);
    return refused.output;
  };
  assert.match(await refusal(["--emulator", "--port", "0"]), /--data is "\.\/steadymix-data".*no other server uses/);
  const other = ["--data", "other"];
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", () => resolve()));
  const { port } = taken.address() as { port: number };
  assert.match(await refusal(["--emulator", ...other, "--port", String(port)]), /--port is "\d+".*free port/);
  taken.close();
  assert.match(await refusal(["--emulator", ...other, "--port", "-"]), /--port is "-".*0 to 65535/);
  assert.match(await refusal(["--emulator", ...other, "--allow-origin", "x"]), /--allow-origin is "x".*origin/);
  assert.match(
    await refusal(other, { AGORA_APP_ID: APP_ID }),
    /^AGORA_CUSTOMER_ID, AGORA_CUSTOMER_SECRET, OPERATOR_KEYS are/,
  );
  writeFileSync(join(folder, "taken"), "");
  assert.match(await refusal(["--emulator", "--data", "taken"]), /--data is "taken".*may write/);
  // The Worker checks the values. Secrets are not quoted.
  writeFileSync(
    join(folder, "env"),
    `AGORA_APP_ID=${APP_ID}\nAGORA_CUSTOMER_ID=a\nAGORA_CUSTOMER_SECRET=b\nOPERATOR_KEYS=hush`,
  );
  const short = await refusal([...other, "--port", "0", "--env-file", "env"]);
  assert.match(short, /OPERATOR_KEYS is too short/);
  assert.doesNotMatch(short, /hush/);
});

test("the version of workerd that is installed is the one that the tests run", () => {
  const { version } = createRequire(import.meta.url)("workerd/package.json") as { version: string };
  const source = readFileSync(join(import.meta.dirname, "../../src/js/cli/serve/findWorkerd.ts"), "utf8");
  assert.match(source, new RegExp(`WORKERD_VERSION = "${version}"`));
  for (const language of ["", "zh/"]) {
    const page = readFileSync(join(import.meta.dirname, `../../www/docs/${language}guide/serve.md`), "utf8");
    assert.deepEqual(new Set(page.match(/workerd@[\d.]+\d/g)), new Set([`workerd@${version}`]));
  }
});
