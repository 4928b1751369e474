/**
 * What a server of one's own takes with many broadcasts: `node tests/bench/serve.ts [BROADCASTS] [VIEWERS]`, after `npm run build`.
 * The emulator runs in the same process as the server, so its share is included.
 */
import { readFileSync } from "node:fs";
import { SHOW_LANES, showServices } from "../emulator/js/payload.ts";
import { ask, Command, emptyFolder, removeFolder, until, updatesOf } from "../serve/server.ts";

const [broadcasts = 200, viewers = 1000] = process.argv.slice(2).map(Number);
/** With the service's usual 10 calls a second, so many broadcasts would take half an hour to start. */
const QUOTA = JSON.stringify({ callsPerSecond: 100, burst: 10, pcw: 2 * broadcasts + 10 });
const TICKS_PER_SECOND = 100;
const MEASURED_MS = 30_000;

const folder = emptyFolder();
const command = new Command(folder, ["--emulator", "--port", "0"], { QUOTA });

interface Usage {
  memoryMb: number;
  cpuS: number;
}

function usage(): Usage {
  const [pid] = Command.runtimesIn(folder);
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return {
    memoryMb: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024),
    cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  };
}

/** Memory, and the CPU time of 30 quiet seconds in percent of one core. */
async function quietTime(url: string): Promise<string> {
  const before = usage();
  const since = Date.now();
  await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
  const { memoryMb, cpuS } = usage();
  const { ok } = await fetch(`${url}/api/health`);
  return `${memoryMb} MB, ${(((cpuS - before.cpuS) / (Date.now() - since)) * 100_000).toFixed(1)} % of a core (health: ${ok})`;
}

const statusOf = (url: string, id: string) => ask(url, "GET", `/broadcasts/${id}`);

async function start(url: string, number: number): Promise<void> {
  const lanes = SHOW_LANES.map(({ name, uids }) => ({ name, uids: uids.map((uid: number) => uid + 1000 * number) }));
  const made = await ask(url, "POST", "/broadcasts", { id: `show-${number}`, services: showServices(), lanes });
  if (made.error) throw new Error(JSON.stringify(made.error));
}

const areLive = async (url: string) => {
  const { broadcasts } = await ask(url, "GET", "/broadcasts");
  return broadcasts.every(({ state }: { state: string }) => state === "live");
};

/** Kills the task on air of the first broadcast. Returns the ms until its viewers have heard of it and until it is replaced. */
async function kill(url: string, connections: number): Promise<string> {
  const { onAir, lanes } = await statusOf(url, "show-0");
  const taskIds = new Set(lanes.map(({ taskId }: { taskId: string }) => taskId));
  const stop = new AbortController();
  const feeds: ReturnType<typeof updatesOf>[] = [];
  for (let at = 0; at < connections; at += 10) {
    const { token } = await ask(url, "POST", "/broadcasts/show-0/viewer-tokens", {});
    for (let i = 0; i < Math.min(10, connections - at); i += 1)
      feeds.push(updatesOf(url, "show-0", token, stop.signal));
  }
  await until(async () => feeds.every((updates) => updates.length > 0), "all viewers are connected", 60_000);
  await ask(url, "POST", "/demo/faults", { name: "kill", broadcast: "show-0", uid: onAir.uid });
  const killedAt = Date.now();
  const heardBy = (share: number) => async () =>
    feeds.filter((updates) => updates.some((update) => update.onAir && update.onAir !== onAir.uid)).length >=
    share * feeds.length;
  await until(heardBy(1 / feeds.length), "the first viewer hears of it", 120_000);
  const firstMs = Date.now() - killedAt;
  await until(heardBy(1), "all viewers hear of it", 120_000);
  const allMs = Date.now() - killedAt;
  await until(
    async () => {
      const now = (await statusOf(url, "show-0")).lanes as { state: string; taskId: string }[];
      return now.every(({ state }) => state === "running") && now.some(({ taskId }) => !taskIds.has(taskId));
    },
    "the task is replaced",
    240_000,
  );
  stop.abort();
  return `first of ${connections} viewers after ${firstMs} ms, the last ${allMs - firstMs} ms later; replaced and confirmed after ${Date.now() - killedAt} ms`;
}

try {
  const url = await command.ready();
  console.log(`no broadcast: ${usage().memoryMb} MB`);
  await start(url, 0);
  await until(() => areLive(url), "on air", 120_000);
  console.log(`1 broadcast: ${await quietTime(url)}`);
  console.log(`1 broadcast: ${await kill(url, 10)}`);
  const since = Date.now();
  for (let number = 1; number < broadcasts; number += 1) await start(url, number);
  await until(() => areLive(url), "all are on air", 1_200_000);
  console.log(`${broadcasts} broadcasts: on air after ${Math.round((Date.now() - since) / 1000)} s`);
  console.log(`${broadcasts} broadcasts: ${await quietTime(url)}`);
  console.log(`${broadcasts} broadcasts: ${await kill(url, viewers)}`);
} finally {
  await command.kill();
  removeFolder(folder);
}
