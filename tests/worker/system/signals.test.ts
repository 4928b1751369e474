/** What is left of `npm start` when it is ended from outside: nothing. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "./system.ts";

const program = join(import.meta.dirname, "..", "..", "..", "scripts", "serve.mjs");

interface Process {
  pid: number;
  parent: number;
  group: number;
}

/** Those that have ended, and that nobody has asked for, aside. */
function processes(): Process[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,pgid=,stat="], { encoding: "utf8" }).trim().split("\n");
  return lines.flatMap((line) => {
    const [pid, parent, group, state] = line.trim().split(/\s+/);
    return state?.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), group: Number(group) }];
  });
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  for (const moment of ["while it starts", "when it is ready"]) {
    test(`${signal} ${moment} leaves nothing behind`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "steadymix-"));
      const child = spawn(process.execPath, [program, "--port", "0"], {
        env: { ...process.env, TMPDIR: folder },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exit = once(child, "exit");
      let said = "";
      child.stdout.on("data", (chunk) => {
        said += chunk;
      });
      // wrangler and what it starts.
      let group = 0;
      const left = () => processes().filter((process) => process.group === group);
      t.after(() => {
        child.kill("SIGKILL");
        for (const { pid } of left()) process.kill(pid, "SIGKILL");
        rmSync(folder, { recursive: true, force: true });
      });
      await until(async () => {
        group = processes().find(({ pid, parent, group }) => parent === child.pid && group === pid)?.pid ?? 0;
        return group !== 0;
      }, "wrangler is started");
      if (moment === "when it is ready") await until(async () => said.includes("Ctrl-C"), "it is ready", 60_000);
      child.kill(signal);
      assert.deepEqual(await exit, [0, null]);
      await until(async () => left().length === 0, "all processes have ended");
      assert.deepEqual(readdirSync(folder), []);
    });
  }
}
