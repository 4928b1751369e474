/** The runner of `npm test` reports steps that fail, hang or cannot be built. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { projectNode, Unavailable } from "../../scripts/lib.mjs";
import { countTests, hangingTests } from "../../scripts/test/output.mjs";
import { runSteps, type TestStep, tableOf } from "../../scripts/test/runner.mjs";

const folder = mkdtempSync(join(tmpdir(), "steadymix-runner-"));
after(() => rmSync(folder, { recursive: true }));

const step = (name: string, args: string[], more: Partial<TestStep> = {}): TestStep => ({
  name: `${name}`,
  // Without this, Node's test runner treats the files as subtests of this one.
  commands: [{ command: projectNode, args, env: { NODE_TEST_CONTEXT: undefined } }],
  minutes: 1,
  load: "waits",
  ready: Promise.resolve(),
  ...more,
});

async function run(...steps: TestStep[]) {
  const lines: string[] = [];
  const results = await runSteps(steps, { logs: join(folder, "logs"), report: (line) => void lines.push(line) });
  return { results, text: lines.join("\n") };
}

function testFile(name: string, code: string): string {
  const file = join(folder, name);
  writeFileSync(file, `import { test } from "node:test";\n${code}`);
  return file;
}

test("the tests of a successful step are counted, and its output is not shown", async () => {
  const file = testFile("good.test.mjs", `test("one", () => {}); test("two", () => {});`);
  const { results, text } = await run(step("good", ["--test", file]));
  assert.equal(results[0]?.ok, true);
  assert.equal(results[0]?.passed, 2);
  assert.ok((results[0]?.cpuMs ?? 0) > 0, "CPU time is measured");
  assert.match(text, /good: ok in \d+ s, 2 tests/);
  assert.doesNotMatch(text, /duration_ms/);
});

test("a failed step shows its output, and the others continue", async () => {
  const file = testFile("bad.test.mjs", `test("is wrong", () => { throw new Error("because of this"); });`);
  const { results, text } = await run(step("bad", ["--test", file]), step("next", ["--version"]));
  assert.deepEqual(
    results.map(({ ok }) => ok),
    [false, true],
  );
  assert.match(text, /because of this/);
  assert.match(text, /bad: FAILED/);
});

test("a test in Node's runner that hangs is named", async () => {
  const file = testFile(
    "hangs.test.mjs",
    `test("never resolves", () => new Promise(() => setInterval(() => {}, 1000)));`,
  );
  const { results, text } = await run(step("hangs", ["--test", "--test-timeout=300", file], { minutes: 0.03 }));
  assert.equal(results[0]?.ok, false);
  assert.match(text, /✖ never resolves/);
});

test("a test file that passes but does not end is named", async () => {
  const file = testFile("open.test.mjs", `test("passes", () => {}); setInterval(() => {}, 1000);`);
  const { results, text } = await run(step("open", ["--test", file], { minutes: 0.03 }));
  assert.equal(results[0]?.ok, false);
  assert.match(text, /Still running:[\s\S]*open\.test\.mjs/);
});

test("a step that hangs is killed at its time limit with its descendants, and its last output is reported", async () => {
  const program = `
    const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
    console.log("began with " + child.pid);
    process.on("SIGTERM", () => {});
    setInterval(() => {}, 1000);`;
  const { results, text } = await run(step("endless", ["-e", program], { minutes: 0.02 }));
  assert.equal(results[0]?.ok, false);
  assert.match(text, /The time limit of 0\.02 minutes is exceeded\. The last output is:\nbegan with \d+/);
  const pid = Number(/began with (\d+)/.exec(text)?.[1]);
  assert.throws(() => process.kill(pid, 0), /ESRCH/);
});

test("a step ends although a background process holds its output", async () => {
  const program = `
    const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 30000)"], { stdio: "inherit", detached: true });
    child.unref();
    console.log("pid " + child.pid);`;
  const { results } = await run(step("leaves", ["-e", program]));
  assert.equal(results[0]?.ok, true);
  assert.ok((results[0]?.wallMs ?? Number.POSITIVE_INFINITY) < 20_000);
});

test("a failed build fails the steps that need it", async () => {
  const ready = Promise.reject(new Error("no module"));
  const { results, text } = await run(step("unbuilt", ["--version"], { ready }));
  assert.equal(results[0]?.ok, false);
  assert.match(text, /unbuilt: FAILED, because its build failed/);
});

test("a step with an unavailable need is skipped, with the reason", async () => {
  const ready = Promise.reject(new Unavailable("there is no Firefox"));
  const { results, text } = await run(step("optional", ["--version"], { ready }), step("next", ["--version"]));
  assert.deepEqual(
    results.map(({ ok, skipped }) => [ok, skipped]),
    [
      [true, "there is no Firefox"],
      [true, undefined],
    ],
  );
  assert.match(text, /^── optional: skipped, because there is no Firefox$/m);
  assert.match(tableOf(results, { wallMs: 1, busyMs: 1 }), /^optional +skipped +0 /m);
});

test("a command that does not exist is reported", async () => {
  const missing = step("missing", [], { commands: [{ command: "no-such-command", args: [] }] });
  const { results, text } = await run(missing);
  assert.equal(results[0]?.ok, false);
  assert.match(text, /no-such-command/);
});

test("each runner's tests are counted", () => {
  assert.deepEqual(countTests("test result: ok. 12 passed; 0 failed; 1 ignored"), { passed: 12, failed: 0 });
  assert.deepEqual(countTests("ℹ pass 3\nℹ fail 2\n"), { passed: 3, failed: 2 });
  assert.deepEqual(countTests("\u001b[2m      Tests \u001b[22m 1 failed | 4 passed (5)"), { passed: 4, failed: 1 });
  assert.deepEqual(countTests("nothing here"), { passed: 0, failed: 0 });
});

test("cargo's tests that did not end are named", () => {
  const text = [
    "test quick ... ok",
    "test slow has been running for over 60 seconds",
    "test endless has been running for over 60 seconds",
    "test slow ... ok",
  ].join("\n");
  assert.equal(hangingTests(text), "These did not end: endless");
});

test("the table has a row for each step", () => {
  const results = [{ name: "one", ok: true, wallMs: 10_000, cpuMs: 4_000, passed: 3, failed: 0 }];
  const rows = tableOf(results, { wallMs: 10_000, busyMs: 5_000 }).split("\n");
  assert.match(rows[1] ?? "", /^one +ok +10 +4 +6 +3$/);
  assert.match(rows.at(-1) ?? "", /^10 s in all/);
});
