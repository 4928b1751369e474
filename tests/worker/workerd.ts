/** A workerd of one's own, with nothing in between. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { freePort } from "../../scripts/processes.mjs";

// The binary itself: the package's command is a script around it, and its process would be measured and killed instead.
const { default: binary } = createRequire(import.meta.url)("workerd") as { default: string };
const READY_MS = 20_000;

export interface Binary {
  url: string;
  pid: number;
  stop(): void;
}

/** Starts it with what `config` says for a port; it is ready when `path` is answered well. */
export async function startBinary(folder: string, config: (port: number) => string, path: string): Promise<Binary> {
  const port = await freePort();
  writeFileSync(join(folder, "config.capnp"), config(port));
  const child = spawn(binary, ["serve", "--experimental", "config.capnp"], { cwd: folder, stdio: "inherit" });
  const url = `http://127.0.0.1:${port}`;
  await ready(child, url + path);
  return { url, pid: child.pid ?? 0, stop: () => void child.kill("SIGKILL") };
}

/** The configuration of one worker of these files, which are below its own folder; the entry first. */
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

/** CPU time of all of a process's threads so far, in ms: its clock and a busy machine have no part in it. */
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
