/** The benchmark's Worker in its own workerd, and the emulator in this process. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Emulator } from "steadymix/emulator";
import { startBinary } from "../workerd.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const CLASSES = { BROADCAST: "BenchBroadcast", APP_QUOTA: "AppQuota", RELAY: "Relay" };
const VARS = {
  AGORA_APP_ID: "0123456789abcdef0123456789abcdef",
  AGORA_CUSTOMER_ID: "bench",
  AGORA_CUSTOMER_SECRET: "bench",
  OPERATOR_KEYS: "demonstration-key",
  VIEWER_KEYS: "demonstration-viewer-key-0123456789",
};

export interface Workerd {
  url: string;
  pid: number;
  emulator: Emulator;
  stop(): Promise<void>;
}

export async function startWorkerd(): Promise<Workerd> {
  const folder = mkdtempSync(join(tmpdir(), "steadymix-"));
  bundle(folder);
  const emulator = new Emulator({ callsPerSecond: 100_000, startUp: { takesMs: [50, 150] }, answerMs: [1, 2] });
  const service = await serve(emulator);
  mkdirSync(join(folder, "state"));
  const servicePort = (service.address() as AddressInfo).port;
  const { url, pid, stop } = await startBinary(folder, (port) => configOf(folder, port, servicePort), "/api/health");
  return {
    url,
    pid,
    emulator,
    stop: async () => {
      stop();
      service.closeAllConnections();
      service.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function bundle(folder: string): void {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(root, "node_modules", "wrangler", "bin", "wrangler.js"),
      ...["deploy", "--dry-run", "-c", join(import.meta.dirname, "wrangler.jsonc"), "--outdir", join(folder, "bundle")],
    ],
    { encoding: "utf8", env: { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false" } },
  );
  if (status !== 0) throw new Error(stdout + stderr);
}

function configOf(folder: string, port: number, servicePort: number): string {
  const files = readdirSync(join(folder, "bundle"));
  const entry = files.find((file) => file.endsWith(".js"));
  const wasm = files.filter((file) => file.endsWith(".wasm"));
  const text = JSON.stringify;
  const modules = [
    `(name = ${text(entry)}, esModule = embed ${text(`bundle/${entry}`)})`,
    ...wasm.map((file) => `(name = ${text(`./${file}`)}, wasm = embed ${text(`bundle/${file}`)})`),
  ];
  const bindings = [
    ...Object.entries(CLASSES).map(([name, of]) => `(name = ${text(name)}, durableObjectNamespace = ${text(of)})`),
    ...Object.entries(VARS).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    `(name = "QUOTA", json = ${text(text({ callsPerSecond: 1000, burst: 100, pcw: 1000 }))})`,
    '(name = "AGORA_SERVICE", service = "service")',
  ];
  const namespaces = Object.values(CLASSES).map(
    (of) => `(className = ${text(of)}, uniqueKey = ${text(of)}, enableSql = true)`,
  );
  const { compatibility_date, compatibility_flags } = JSON.parse(
    readFileSync(join(import.meta.dirname, "wrangler.jsonc"), "utf8").replace(/^\s*\/\/.*$/gm, ""),
  ) as { compatibility_date: string; compatibility_flags: string[] };
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "service", external = (address = "127.0.0.1:${servicePort}", http = ())),
    (name = "disk", disk = (path = "state", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = ${text(compatibility_date)},
  compatibilityFlags = ${text(compatibility_flags)},
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
);
`;
}

/** The emulator, for any host. */
async function serve(emulator: Emulator): Promise<Server> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const authorization = request.headers.authorization;
    const init = { method: request.method ?? "GET", headers: authorization ? { authorization } : {} };
    const hasBody = body !== "" && init.method !== "GET";
    const answer = await emulator.fetch(
      `https://${request.headers.host}${request.url}`,
      hasBody ? { ...init, body } : init,
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
