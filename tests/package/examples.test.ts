// Runs the README's examples unchanged. The application's own code is added before them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..");
// Inside the project: there, the package can import itself by its name.
const folder = join(root, "target", "examples");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const README = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...README.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, code]) => code ?? "");

/** The application's own code: credentials, a payload, and here an emulator instead of the service. */
const APPLICATION = `
import { Emulator as Service } from "steadymix/emulator";
import { showServices } from "../../tests/emulator/js/payload.ts";
const service = new Service({ seed: 1, startUp: { takesMs: [100, 200] } }, 1);
const appId = "app";
const services = showServices();
const env = { customerId: "customer", customerSecret: "secret", fetch: service.fetch };
const tellViewers = (uid) => console.log("watch", uid);
`;

/** Writes the only example that contains `mark` to a file, with code before it. */
function example(name: string, mark: string, before = ""): string {
  const [found, ...others] = blocks.filter((code) => code.includes(mark));
  assert.ok(found && others.length === 0, `exactly one example contains ${mark}`);
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, [before, found].join("\n"));
  return file;
}

/** Runs a program and resolves with its output. Interrupts it as soon as the output matches `enough`. */
function outputOf(file: string, enough?: RegExp): Promise<string> {
  const child = spawn(process.execPath, [file], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let isInterrupted = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      output += text;
      if (isInterrupted || !enough?.test(output)) return;
      isInterrupted = true;
      child.kill("SIGINT");
    });
  }
  return new Promise((resolve, reject) => {
    child.once("exit", (code, signal) =>
      code === 0 ? resolve(output) : reject(new Error(`the example ended with ${code ?? signal}:\n${output}`)),
    );
  });
}

test("the quick start replaces the killed task, and Ctrl-C ends the show", async () => {
  const file = example("show", 'from "steadymix/emulator"');
  const output = await outputOf(file, /^relaunched 9002/m);
  assert.match(
    output,
    /^launching 9001 \ncreated 9001 \nconfirmed 9001 \n[\s\S]*^suspect 9001 no such task\n[\s\S]*^stopping {2}\n[\s\S]*^stopped {2}\n$/m,
  );
  assert.equal(existsSync(join(folder, "show.snapshot")), false);
});

test("the quick start resumes from the snapshot of a process that was killed", async () => {
  const file = example("resumed", 'from "steadymix/emulator"');
  const killed = spawn(process.execPath, [file], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve) => {
    killed.stdout.on("data", (text) => String(text).includes("created") && resolve());
  });
  killed.kill("SIGKILL");
  await once(killed, "exit");
  // Its emulator has ended with it: a new one does not know the task.
  const output = await outputOf(file, /^confirmed 9002/m);
  assert.match(output, /^launching 9002 \ncreated 9002 \nconfirmed 9002 \n[\s\S]*^stopped {2}\n$/m);
});

test("a primary and a backup", async () => {
  const mark = "for await (const event of group)";
  const file = example("group", mark, `${APPLICATION}\nsetTimeout(() => group.stop(), 9_000);`);
  assert.match(await outputOf(file), /^watch 9001\n/);
});
