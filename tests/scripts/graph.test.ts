/** Incremental builds: which steps run, and the outputs after a failure. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { filesAt } from "../../scripts/build/files.mjs";
import { build, type Step } from "../../scripts/build/graph.mjs";
import { inRoot, Unavailable } from "../../scripts/lib.mjs";

const FOLDER = `target/test-graph-${process.pid}`;
const lock = inRoot(FOLDER, "lock");
const at = (...parts: string[]) => inRoot(FOLDER, ...parts);
/** The steps that the last build ran. */
let ran: string[] = [];
let lines: string[] = [];

function clean(): void {
  rmSync(at(), { recursive: true, force: true });
  for (const name of ["upper", "twice", "other"])
    rmSync(inRoot("target", "build", `${FOLDER.replaceAll("/", "-")}-${name}.json`), { force: true });
}
beforeEach(() => {
  clean();
  mkdirSync(at("source"), { recursive: true });
  writeFileSync(at("source", "one.txt"), "one");
  writeFileSync(at("source", "two.txt"), "two");
});
after(clean);

const folderOf = (name: string) => `${FOLDER}/${name}`;
const source = (name: string) => () => filesAt(`${FOLDER}/source`, new RegExp(`^${name}`));

/** `upper` is `one` in capitals, `twice` repeats it, `other` copies `two`. */
function steps(fail = false) {
  const upper: Step = {
    name: "upper",
    seconds: 1,
    folder: folderOf("upper"),
    inputs: source("one"),
    make: async (folder) => {
      ran.push("upper");
      writeFileSync(join(folder, "text"), readFileSync(at("source", "one.txt"), "utf8").toUpperCase());
      if (fail) throw new Error("no capitals today");
    },
  };
  const twice: Step = {
    name: "twice",
    seconds: 1,
    needs: [upper],
    folder: folderOf("twice"),
    make: async (folder) => {
      ran.push("twice");
      writeFileSync(join(folder, "text"), readFileSync(at("upper", "text"), "utf8").repeat(2));
    },
  };
  const other: Step = {
    name: "other",
    seconds: 7,
    folder: folderOf("other"),
    inputs: source("two"),
    make: async (folder) => {
      ran.push("other");
      writeFileSync(join(folder, "text"), readFileSync(at("source", "two.txt"), "utf8"));
    },
  };
  return { upper, twice, other, all: [twice, other] };
}

async function built(wanted: Step[]): Promise<string[]> {
  ran = [];
  lines = [];
  await build(wanted, { lock, report: (line) => void lines.push(line) }).all;
  return ran.sort();
}

test("the first build runs all steps and reports each; the next build does nothing", async () => {
  assert.deepEqual(await built(steps().all), ["other", "twice", "upper"]);
  assert.equal(readFileSync(at("twice", "text"), "utf8"), "ONEONE");
  assert.equal(lines.length, 4);
  assert.ok(lines.includes("[1/3] upper (about 1 s)"), lines.join("\n"));
  assert.ok(lines.some((line) => /^\[\d\/3\] other \(about 7 s\)$/.test(line)));
  assert.match(lines.at(-1) ?? "", /^Built in \d+\.\d s$/);
  assert.deepEqual(await built(steps().all), []);
  assert.deepEqual(lines, []);
});

test("a changed source rebuilds only the steps that depend on it", async () => {
  await built(steps().all);
  writeFileSync(at("source", "one.txt"), "uno");
  assert.deepEqual(await built(steps().all), ["twice", "upper"]);
  assert.equal(readFileSync(at("twice", "text"), "utf8"), "UNOUNO");
});

test("saving a source without a change rebuilds nothing", async () => {
  await built(steps().all);
  writeFileSync(at("source", "one.txt"), "one");
  assert.deepEqual(await built(steps().all), []);
});

test("new and removed sources are changes", async () => {
  await built(steps().all);
  writeFileSync(at("source", "one-more.txt"), "");
  assert.deepEqual(await built(steps().all), ["upper"]);
  rmSync(at("source", "one-more.txt"));
  assert.deepEqual(await built(steps().all), ["upper"]);
});

test("unchanged output is not replaced, and nothing that depends on it is rebuilt", async () => {
  await built(steps().all);
  const before = statSync(at("upper")).ino;
  writeFileSync(at("source", "one.txt"), "ONE");
  assert.deepEqual(await built(steps().all), ["upper"]);
  assert.equal(statSync(at("upper")).ino, before);
});

test("deleted or modified output is rebuilt", async () => {
  await built(steps().all);
  rmSync(at("other"), { recursive: true });
  writeFileSync(at("upper", "text"), "scribble");
  assert.deepEqual(
    await built(steps().all),
    ["other", "twice", "upper"].filter((name) => name !== "twice"),
  );
  assert.equal(readFileSync(at("upper", "text"), "utf8"), "ONE");
});

test("a step that fails keeps its old output and is retried by the next build", async () => {
  await built(steps().all);
  writeFileSync(at("source", "one.txt"), "uno");
  await assert.rejects(built(steps(true).all), /no capitals today/);
  assert.deepEqual(ran, ["upper"]);
  assert.equal(readFileSync(at("upper", "text"), "utf8"), "ONE");
  assert.deepEqual(filesAt("target/build", /test-graph.*\.\d+$/), []);
  assert.deepEqual(await built(steps().all), ["twice", "upper"]);
});

test("steps that do not need the failed one still run", async () => {
  const { all, other, twice } = steps(true);
  const made = build(all, { lock, report: () => {} });
  await made.made(other);
  await assert.rejects(made.made(twice), /no capitals today/);
  await assert.rejects(made.all, /no capitals today/);
  assert.ok(existsSync(at("other", "text")));
});

test("an unavailable step fails only for those that await it", async () => {
  const { other } = steps();
  const missing: Step = {
    name: "missing",
    seconds: 1,
    isThere: () => false,
    make: async () => {
      throw new Unavailable("there is no such browser");
    },
  };
  const { all, made } = build([missing, other], { lock, report: () => {} });
  await all;
  await made(other);
  await assert.rejects(made(missing), Unavailable);
});

test("of two concurrent builds, the second waits and finds everything built", async () => {
  ran = [];
  const messages: string[] = [];
  const report = (line: string) => void messages.push(line);
  await Promise.all([build(steps().all, { lock, report }).all, build(steps().all, { lock, report }).all]);
  assert.deepEqual(ran.sort(), ["other", "twice", "upper"]);
  assert.equal(messages.filter((line) => line.startsWith("Waiting for another build")).length, 1);
});

test("a tool is only checked when a step that needs it runs", async () => {
  let isThere = false;
  const tool: Step = {
    name: "tool",
    seconds: 1,
    isTool: true,
    isThere: () => isThere,
    make: async () => {
      ran.push("tool");
      isThere = true;
    },
  };
  const { upper } = steps();
  upper.needs = [tool];
  assert.deepEqual(await built([upper]), ["tool", "upper"]);
  isThere = false;
  assert.deepEqual(await built([upper]), []);
});
