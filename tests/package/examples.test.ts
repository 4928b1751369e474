// Runs the README's examples unchanged. Only the application's part is added before them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..");
// Inside the project: there, the package can import itself by its name.
const folder = join(root, "target", "examples");
mkdirSync(folder, { recursive: true });
const README = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...README.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, code]) => code ?? "");

/** The application's part: an emulated service and the variables of the examples. */
const APPLICATION = `
import { Emulator as Service } from "steadymix/emulator";
import { showServices } from "../../tests/emulator/js/payload.ts";
const service = new Service({ seed: 1, startUp: { takesMs: [100, 200] } }, 1);
globalThis.fetch = service.fetch;
const [appId, customerId, customerSecret] = ["app", "customer", "secret"];
const kept = new Map();
const store = { put: async (text) => void kept.set("snapshot", text) };
const makeToken = (uid, channel) => \`token of \${uid} for \${channel}\`;
const services = showServices();
const env = { customerId, customerSecret };
const options = { appId, instanceId: "friday-show", services, uids: [9001, 9002] };
const tellViewers = (uid) => console.log("watch", uid);
`;

interface Example {
  /** A text that only this example contains. */
  mark: string;
  before?: string;
  after?: string;
  change?: (code: string) => string;
}

/** Writes an example to a file, with code before and after it. */
function example(name: string, { mark, before = "", after = "", change = (code) => code }: Example): string {
  const [found, ...others] = blocks.filter((code) => code.includes(mark));
  assert.ok(found && others.length === 0, `exactly one example contains ${mark}`);
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, [before, change(found), after].join("\n"));
  return file;
}

/** Runs a program and resolves with its output. Sends SIGTERM as soon as the output matches `enough`. */
function outputOf(file: string, enough?: RegExp): Promise<string> {
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let isAsked = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      output += text;
      if (isAsked || !enough?.test(output)) return;
      isAsked = true;
      child.kill("SIGTERM");
    });
  }
  return new Promise((resolve, reject) => {
    child.once("exit", (code, signal) =>
      code === 0 ? resolve(output) : reject(new Error(`the example ended with ${code ?? signal}:\n${output}`)),
    );
  });
}

test("ten lines that keep a task up", async () => {
  const after = 'console.log("gone", service.state().tasks.every((task) => !task.live), kept.size);';
  const output = await outputOf(
    example("ten-lines", { mark: "process.once", before: APPLICATION, after }),
    /confirmed/,
  );
  assert.match(output, /launching[\s\S]*created[\s\S]*confirmed[\s\S]*stopping[\s\S]*removed[\s\S]*type: 'stopped'/);
  assert.match(output, /gone true 1/);
});

test("a primary and a backup", async () => {
  const mark = "for await (const event of group)";
  const before = `${APPLICATION}\nsetTimeout(() => group.stop(), 9_000);`;
  assert.match(await outputOf(example("group", { mark, before })), /^watch 9001\n/);
});

test("injecting faults", async () => {
  const after = "console.log(emulator.state().tasks.filter(({ live }) => live));";
  // The payload of the README.
  const [, services] = /^```jsonc\n(\{ "cloudTranscoder"[\s\S]*?)^```/m.exec(README) ?? [];
  const before = `const services = ${services};`;
  assert.equal(await outputOf(example("faults", { mark: 'type: "addRule"', before, after })), "[]\n");
});

test("the building blocks", async () => {
  const file = example("blocks", {
    mark: 'interpret("create", 206, 65)',
    before: 'import { estimateQuota, interpret, RetryPolicy } from "steadymix";\nconst results = [];',
    after: "console.log(JSON.stringify(results));",
    change: (code) => code.replaceAll(/^(.+);(\s*\/\/.*)?$/gm, "results.push($1);"),
  });
  const [meaning, wait, verdict] = JSON.parse(await outputOf(file));
  assert.deepEqual([meaning, wait], [{ type: "notCompleted" }, 5000]);
  assert.match(verdict, /^Does not fit: /);
});
