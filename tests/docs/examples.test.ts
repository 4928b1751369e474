/**
 * Checks every code block of the README and of the site, in both languages: types, syntax, names of scripts; and runs those that
 * say `run`.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { onPath, projectNode } from "../../scripts/lib.mjs";
import { type Example, examplesOf } from "./examples.ts";
import { type Block, CHINESE_PAGES, PAGES, partsOf, root, withoutComments } from "./markdown.ts";

const RUN_LIMIT_MS = 20_000;

// Inside the project: there, the package can import itself by its name.
const folder = join(root, "target", "docs", "examples");
const pages = [...PAGES, ...CHINESE_PAGES].map((page) => ({ page, blocks: partsOf(page).blocks }));
const blocks = pages.flatMap(({ blocks }) => blocks);
const examples = pages.flatMap(({ page, blocks }) => examplesOf(page, blocks));

/** What a check finds wrong with a block, by language. */
const CHECKS: Record<string, (block: Block) => string | undefined> = {
  json: jsonError,
  jsonc: jsonError,
  sh: shellError,
  python: pythonError,
  go: goError,
};
const CODE = ["js", "ts", "jsx", "tsx"];
/** No check fits them; `cargo test` compiles Rust (the doctest of `tests/simulation`). */
const UNCHECKED = ["text", "yaml", "ini", "dockerfile", "rust"];
const FLAGS = ["run", "continues"];

before(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, code } of examples) writeFileSync(join(folder, name), `${code}\nexport {};\n`);
});

test("each block names a language and flags that are known", () => {
  const known = [...CODE, ...Object.keys(CHECKS), ...UNCHECKED];
  const odd = blocks.filter(
    ({ language, flags }) =>
      !known.includes(language) ||
      !flags.every((flag) => FLAGS.includes(flag)) ||
      (flags.length > 0 && !CODE.includes(language)),
  );
  assert.deepEqual(
    odd.map(({ page, line, language, flags }) => `${page}:${line}: ${[language, ...flags].join(" ")}`),
    [],
  );
});

test("the examples have the types that they use", () => {
  const errors = [
    ...typeErrors("pages", examples, ["es2023", "esnext.disposable", "dom", "dom.iterable"], ["node"]),
    ...typeErrors("workers", examples, ["es2023", "esnext.disposable"], ["@cloudflare/workers-types"]),
  ];
  assert.deepEqual(errors, []);
});

/** Errors of the compiler, at the lines of the pages. */
function typeErrors(project: "pages" | "workers", examples: Example[], lib: string[], types: string[]): string[] {
  const some = examples.filter(({ isForWorkers }) => isForWorkers === (project === "workers"));
  if (some.length === 0) return [];
  const config = {
    compilerOptions: {
      ...{ target: "es2022", module: "esnext", moduleResolution: "bundler", jsx: "react-jsx", lib, types },
      ...{ strict: true, allowJs: true, checkJs: true, noEmit: true, skipLibCheck: true },
    },
    files: [...some.map(({ name }) => name), "../../../tests/docs/ambient.d.ts"],
  };
  writeFileSync(join(folder, `${project}.json`), JSON.stringify(config));
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const { stdout, status } = spawnSync(tsc, ["-p", `${project}.json`, "--pretty", "false"], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status === 0) return [];
  return stdout
    .trim()
    .split("\n")
    .map((line) =>
      line.replace(/^([\w-]+\.\w+)\((\d+),(\d+)\)/, (place, name, line, column) => {
        const page = some.find((example) => example.name === name)?.page;
        return page ? `${page}:${line}:${column}` : place;
      }),
    );
}

test("blocks of other languages are valid", () => {
  const errors = blocks.flatMap((block) => {
    const error = CHECKS[block.language]?.(block);
    return error ? [`${block.page}:${block.line}: ${error}`] : [];
  });
  assert.deepEqual(errors, []);
});

/** Comments are allowed in both: JSON with comments has a language of its own only for the highlighting. */
function jsonError({ language, code }: Block): string | undefined {
  const text =
    language === "jsonc"
      ? code.replaceAll(/("(?:[^"\\\n]|\\.)*")|\/\/.*|\/\*[\s\S]*?\*\//g, (_, text) => text ?? "")
      : code;
  try {
    JSON.parse(text.replaceAll(/,(\s*[}\]])/g, language === "jsonc" ? "$1" : "$&"));
  } catch (error) {
    return String(error);
  }
}

function shellError({ code }: Block): string | undefined {
  const { stderr, status } = spawnSync("bash", ["-n"], { input: code, encoding: "utf8" });
  if (status !== 0) return stderr.trim();
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
  const named = [...code.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(([, run, short]) => run ?? short);
  const unknown = named.find((name) => name !== undefined && !(name in scripts));
  return unknown && `there is no npm script ${unknown}`;
}

function pythonError({ code }: Block): string | undefined {
  if (!onPath("python3")) return undefined;
  const program = "import sys; compile(sys.stdin.read(), 'block', 'exec')";
  const { stderr, status } = spawnSync("python3", ["-c", program], { input: code, encoding: "utf8" });
  return status === 0 ? undefined : stderr.trim().split("\n").at(-1);
}

function goError({ code }: Block): string | undefined {
  if (!onPath("gofmt")) return undefined;
  const { stdout, stderr, status } = spawnSync("gofmt", ["-d"], { input: code, encoding: "utf8" });
  return status === 0 && stdout === "" ? undefined : stdout + stderr;
}

/** Only comments differ between the languages: each program runs once. */
const programs = new Map(
  examples
    .filter(({ runs }) => runs)
    .reverse()
    .map((example) => [withoutComments(example.code).join("\n"), example]),
);

describe("examples that say `run`", { concurrency: Math.max(2, availableParallelism()) }, () => {
  for (const { name, page, line } of programs.values())
    test(`${page}:${line}`, async () => {
      const child = spawn(projectNode, [join(folder, name)], { stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
      const timer = setTimeout(() => child.kill("SIGKILL"), RUN_LIMIT_MS);
      const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
        child.once("close", (code, signal) => resolve([code, signal])),
      );
      clearTimeout(timer);
      assert.equal(code, 0, signal ? `it did not end within ${RUN_LIMIT_MS / 1000} s:\n${output}` : output);
    });
});
