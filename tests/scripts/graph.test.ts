/** Incremental builds: which steps run, and what is left after a failure. */
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
/** The names of the steps that have run since the last build. */
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

/** `one` in capitals, then twice; `two` beside them. */
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

test("the first time all is made, a numbered line each; the next time nothing, without a line", async () => {
  assert.deepEqual(await built(steps().all), ["other", "twice", "upper"]);
  assert.equal(readFileSync(at("twice", "text"), "utf8"), "ONEONE");
  assert.equal(lines.length, 4);
  assert.ok(lines.includes("[1/3] upper (about 1 s)"), lines.join("\n"));
  assert.ok(lines.some((line) => /^\[\d\/3\] other \(about 7 s\)$/.test(line)));
  assert.match(lines.at(-1) ?? "", /^Built in \d+\.\d s$/);
  assert.deepEqual(await built(steps().all), []);
  assert.deepEqual(lines, []);
});

test("a changed source: only what is made of it", async () => {
  await built(steps().all);
  writeFileSync(at("source", "one.txt"), "uno");
  assert.deepEqual(await built(steps().all), ["twice", "upper"]);
  assert.equal(readFileSync(at("twice", "text"), "utf8"), "UNOUNO");
});

test("a source that is saved without a change: nothing", async () => {
  await built(steps().all);
  writeFileSync(at("source", "one.txt"), "one");
  assert.deepEqual(await built(steps().all), []);
});

test("a new file among the sources, and one that is gone, are changes", async () => {
  await built(steps().all);
  writeFileSync(at("source", "one-more.txt"), "");
  assert.deepEqual(await built(steps().all), ["upper"]);
  rmSync(at("source", "one-more.txt"));
  assert.deepEqual(await built(steps().all), ["upper"]);
});

test("what comes out as before is not swapped in, and nothing is made of it", async () => {
  await built(steps().all);
  const before = statSync(at("upper")).ino;
  writeFileSync(at("source", "one.txt"), "ONE");
  assert.deepEqual(await built(steps().all), ["upper"]);
  assert.equal(statSync(at("upper")).ino, before);
});

test("deleted and modified output is made again", async () => {
  await built(steps().all);
  rmSync(at("other"), { recursive: true });
  writeFileSync(at("upper", "text"), "scribble");
  assert.deepEqual(
    await built(steps().all),
    ["other", "twice", "upper"].filter((name) => name !== "twice"),
  );
  assert.equal(readFileSync(at("upper", "text"), "utf8"), "ONE");
});

test("a step that fails says so, leaves what was there, and is tried again", async () => {
  await built(steps().all);
  writeFileSync(at("source", "one.txt"), "uno");
  await assert.rejects(built(steps(true).all), /no capitals today/);
  assert.deepEqual(ran, ["upper"]);
  assert.equal(readFileSync(at("upper", "text"), "utf8"), "ONE");
  assert.deepEqual(filesAt("target/build", /test-graph.*\.\d+$/), []);
  assert.deepEqual(await built(steps().all), ["twice", "upper"]);
});

test("what does not need the step that fails is made all the same", async () => {
  const { all, other, twice } = steps(true);
  const made = build(all, { lock, report: () => {} });
  await made.made(other);
  await assert.rejects(made.made(twice), /no capitals today/);
  await assert.rejects(made.all, /no capitals today/);
  assert.ok(existsSync(at("other", "text")));
});

test("what this machine cannot have fails nobody but those who wait for it", async () => {
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

test("two builds at once: the second waits, and finds everything made", async () => {
  ran = [];
  const said: string[] = [];
  const report = (line: string) => void said.push(line);
  await Promise.all([build(steps().all, { lock, report }).all, build(steps().all, { lock, report }).all]);
  assert.deepEqual(ran.sort(), ["other", "twice", "upper"]);
  assert.equal(said.filter((line) => line.startsWith("Waiting for another build")).length, 1);
});

test("a tool is only looked for when what needs it is made", async () => {
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
