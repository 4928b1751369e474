/** `npm run bench:worker`: measures the cost of a broadcast on Cloudflare Workers, as far as workerd can show it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { cpus } from "node:os";
import { join } from "node:path";
import { ask, newBroadcast, until } from "../system/system.ts";
import { cpuMs } from "../workerd.ts";
import { startWorkerd } from "./workerd.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const TURNS = 200;
/** workerd opens two files for each connection, and Linux allows some 20,000. */
const AUDIENCES = [1_000, 5_000, 9_000];

const worker = await startWorkerd();

function memoryMb(): number {
  const status = readFileSync(`/proc/${worker.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

interface Spread {
  median: number;
  p95: number;
  max: number;
}

function spread(samples: number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(3));
  return { median: at(0.5), p95: at(0.95), max: at(1) };
}

async function bench<Value>(id: string, what: string): Promise<Value> {
  return (await (await fetch(`${worker.url}/bench/${id}/${what}`, { method: "POST" })).json()) as Value;
}

/** The CPU time of each call, without that of `before`. */
async function cpuOf(id: string, what: string, before?: string): Promise<Spread> {
  const samples: number[] = [];
  for (let i = 0; i < TURNS; i += 1) {
    if (before) await bench(id, before);
    const began = cpuMs(worker.pid);
    await bench(id, what);
    samples.push(cpuMs(worker.pid) - began);
  }
  return spread(samples);
}

async function start(id: string, more: object = {}): Promise<void> {
  await ask(worker.url, "POST", "/broadcasts", newBroadcast(id, more));
  const lanes = async () => (await ask(worker.url, "GET", `/broadcasts/${id}`)).json.lanes;
  await until(async () => (await lanes()).every(({ state }: { state: string }) => state === "running"), `${id} runs`);
}

const FRAME_TEXT = 0x81;

/** Connects viewers with bare sockets, because only the Worker is measured. Resolves after each got an update. */
async function audience(
  id: string,
  size: number,
): Promise<{ sockets: Socket[]; updated: (count: number) => Promise<number[]> }> {
  const { hostname, port } = new URL(worker.url);
  // A token for each, because the connections of a token are limited.
  const tokenOf = async () => (await ask(worker.url, "POST", `/broadcasts/${id}/viewer-tokens`, {})).json.token;
  const requestOf = (token: string) =>
    `GET /api/broadcasts/${id}/watch?token=${token} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n` +
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
  const arrivals: number[][] = [];
  const sockets: Socket[] = [];
  const open = async (i: number) => {
    const request = requestOf(await tokenOf());
    await new Promise<void>((resolve, reject) => {
      const times: number[] = [];
      arrivals[i] = times;
      const socket = connect(Number(port), hostname, () => socket.write(request));
      socket.on("error", reject);
      socket.on("data", (data) => {
        const bytes = data as Buffer;
        // The first update may arrive with the answer to the upgrade or after it.
        if (bytes.includes(FRAME_TEXT)) {
          times.push(performance.now());
          resolve();
        }
      });
      sockets.push(socket);
    });
  };
  const AT_ONCE = 100;
  for (let i = 0; i < size; i += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, size - i) }, (_, k) => open(i + k)));
  }
  return {
    sockets,
    updated: async (count) => {
      await until(async () => arrivals.every((times) => times.length >= count), "all got the update", 60_000);
      return arrivals.map((times) => times[count - 1] ?? 0);
    },
  };
}

try {
  await start("turns", { policy: { monitorIntervalMs: 3_600_000 } });
  const empty = await cpuOf("turns", "nothing");
  const idle = await cpuOf("turns", "turn");
  const restored = await cpuOf("turns", "turn", "forget");
  const polled = await (async () => {
    // Every turn queries both tasks.
    await start("polls", {
      services: JSON.parse(JSON.stringify(newBroadcast("polls").services).replaceAll('"show"', '"polls"')),
      policy: { monitorIntervalMs: 1_000 },
    });
    const samples: number[] = [];
    for (let i = 0; i < TURNS / 4; i += 1) {
      await bench("polls", "forget");
      await new Promise((resolve) => setTimeout(resolve, 1_050));
      const began = cpuMs(worker.pid);
      await bench("polls", "turn");
      samples.push(cpuMs(worker.pid) - began);
    }
    return spread(samples);
  })();

  const bytes = await bench<number>("turns", "bytes");

  const audiences = [];
  for (const size of AUDIENCES) {
    const id = `audience-${size}`;
    await start(id, {
      services: JSON.parse(JSON.stringify(newBroadcast(id).services).replaceAll('"show"', `"${id}"`)),
      policy: { monitorIntervalMs: 1_000 },
    });
    const memoryBefore = memoryMb();
    const began = performance.now();
    const { sockets, updated } = await audience(id, size);
    const connectMs = performance.now() - began;
    const memory = memoryMb() - memoryBefore;
    const { onAir } = (await ask(worker.url, "GET", `/broadcasts/${id}`)).json;
    const cpuBefore = cpuMs(worker.pid);
    worker.emulator.control({ type: "kill", uid: onAir.uid });
    const times = await updated(2);
    audiences.push({
      viewers: size,
      connectMs: Math.round(connectMs),
      fanOutMs: Math.round(Math.max(...times) - Math.min(...times)),
      cpuMs: Math.round(cpuMs(worker.pid) - cpuBefore),
      memoryMb: Math.round(memory),
    });
    for (const socket of sockets) socket.destroy();
    await ask(worker.url, "DELETE", `/broadcasts/${id}`);
  }

  const report = {
    at: new Date().toISOString(),
    cpus: `${cpus().length} × ${cpus()[0]?.model ?? "?"}`,
    turns: TURNS,
    cpuMs: { emptyCall: empty, turnWithNothingDue: idle, restoredTurn: restored, restoredPoll: polled },
    bytesPerBroadcast: bytes,
    audiences,
  };
  mkdirSync(join(root, "target", "bench"), { recursive: true });
  writeFileSync(join(root, "target", "bench", "worker.json"), `${JSON.stringify(report, null, 2)}\n`);
  console.log(`CPU time of all of workerd, in ms, over ${TURNS} calls each (with Queries: ${TURNS / 4})`);
  console.table({
    "an empty call of an object": empty,
    "a turn with nothing due": idle,
    "the same after an eviction": restored,
    "after an eviction, both tasks looked at": polled,
  });
  console.log(`kept per broadcast: ${bytes} bytes`);
  console.log("viewers of one object");
  console.table(audiences);
} finally {
  await worker.stop();
}
