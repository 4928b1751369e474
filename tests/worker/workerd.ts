/** Starts a workerd process directly. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { freePort } from "../../scripts/processes.mjs";

// The binary itself: the package's command is a script, whose process would be measured and killed instead.
const { default: binary } = createRequire(import.meta.url)("workerd") as { default: string };
const READY_MS = 20_000;

export interface Binary {
  url: string;
  pid: number;
  stop(): void;
}

/** Starts workerd with `config` for a free port. Resolves once `path` is answered with success. */
export async function startBinary(folder: string, config: (port: number) => string, path: string): Promise<Binary> {
  const port = await freePort();
  writeFileSync(join(folder, "config.capnp"), config(port));
  const child = spawn(binary, ["serve", "--experimental", "config.capnp"], { cwd: folder, stdio: "inherit" });
  const url = `http://127.0.0.1:${port}`;
  await ready(child, url + path);
  return { url, pid: child.pid ?? 0, stop: () => void child.kill("SIGKILL") };
}

/** The configuration of a worker with these files, the entry first. They must be below the configuration's folder. */
export function configOf(files: string[], port: number): string {
  const modules = files.map((file) => {
    const [name, kind] = file.endsWith(".wasm") ? [`./${basename(file)}`, "wasm"] : [basename(file), "esModule"];
    return `(name = ${JSON.stringify(name)}, ${kind} = embed ${JSON.stringify(file)})`;
  });
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (compatibilityDate = "2026-10-01", modules = [${modules}]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);`;
}

/** The CPU time of all threads of a process so far, in ms. A busy machine does not change it. */
export function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return ns.reduce((sum, each) => sum + each, 0) / 1e6;
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  for (const end = Date.now() + READY_MS; Date.now() < end; ) {
    if (child.exitCode !== null) throw new Error(`workerd ended with ${child.exitCode}`);
    const answered = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill("SIGKILL");
  throw new Error("workerd was not ready in time");
}
