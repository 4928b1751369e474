// The examples of the README, run as they stand there: only what they leave to the application is put before them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..");
// Inside the package, so that it can import itself by its name.
const folder = join(root, "target", "examples");
mkdirSync(folder, { recursive: true });
const README = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...README.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, code]) => code ?? "");

/** What an application has already: a service, and what is said of it. */
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
const config = { appId, instanceId: "friday-show", services, uids: [9001, 9002] };
const tellViewers = (uid) => console.log("watch", uid);
`;

interface Example {
  /** What only this one has in it. */
  mark: string;
  before?: string;
  after?: string;
  change?: (code: string) => string;
}

/** The file of an example, with what comes before and after it. */
function example(name: string, { mark, before = "", after = "", change = (code) => code }: Example): string {
  const [found, ...others] = blocks.filter((code) => code.includes(mark));
  assert.ok(found && others.length === 0, `there is one example with ${mark}`);
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, [before, change(found), after].join("\n"));
  return file;
}

/** Runs it, and asks it to end as soon as it has said this. Resolves with all that it said. */
function saidBy(file: string, enough?: RegExp): Promise<string> {
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let isAsked = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      said += text;
      if (isAsked || !enough?.test(said)) return;
      isAsked = true;
      child.kill("SIGTERM");
    });
  }
  return new Promise((resolve, reject) => {
    child.once("exit", (code, signal) =>
      code === 0 ? resolve(said) : reject(new Error(`it ended with ${code ?? signal}:\n${said}`)),
    );
  });
}

test("ten lines that keep a task up", async () => {
  const after = 'console.log("gone", service.state().tasks.every((task) => !task.live), kept.size);';
  const said = await saidBy(example("ten-lines", { mark: "process.once", before: APPLICATION, after }), /confirmed/);
  assert.match(said, /launching[\s\S]*created[\s\S]*confirmed[\s\S]*stopping[\s\S]*removed[\s\S]*type: 'stopped'/);
  assert.match(said, /gone true 1/);
});

test("a primary and a backup", async () => {
  const mark = "for await (const event of group)";
  const before = `${APPLICATION}\nsetTimeout(() => group.stop(), 9_000);`;
  assert.match(await saidBy(example("group", { mark, before })), /^watch 9001\n/);
});

test("faults of one's own", async () => {
  const after = "console.log(emulator.state().tasks.filter(({ live }) => live));";
  // The payload that stands there.
  const [, services] = /^```jsonc\n(\{ "cloudTranscoder"[\s\S]*?)^```/m.exec(README) ?? [];
  const before = `const services = ${services};`;
  assert.equal(await saidBy(example("faults", { mark: 'type: "addRule"', before, after })), "[]\n");
});

test("the building blocks alone", async () => {
  const file = example("blocks", {
    mark: 'interpret("create", 206, 65)',
    before: 'import { estimateQuota, interpret, RetryPolicy } from "steadymix";\nconst said = [];',
    after: "console.log(JSON.stringify(said));",
    change: (code) => code.replaceAll(/^(.+);(\s*\/\/.*)?$/gm, "said.push($1);"),
  });
  const [meaning, wait, verdict] = JSON.parse(await saidBy(file));
  assert.deepEqual([meaning, wait], [{ type: "notCompleted" }, 5000]);
  assert.match(verdict, /^Does not fit: /);
});
