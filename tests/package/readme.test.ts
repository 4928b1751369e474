// Compares the structure of README.md in both languages.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..");

/** The parts that do not depend on the language, in order. */
function frame(name: string) {
  let inCode = false;
  const code: string[] = [];
  const rest: string[] = [];
  for (const line of readFileSync(join(root, name), "utf8").split("\n")) {
    if (line.startsWith("```")) inCode = !inCode;
    // Comments depend on the language.
    if (inCode) code.push(line.replace(/\s*(\/\/|#) .*$/, ""));
    else if (/^#+ /.test(line)) rest.push(line.replace(/ .*/, ""));
    else if (/^\s*\|/.test(line)) rest.push(`row of ${line.split("|").length}`);
    else if (/^(- |\d+\. )/.test(line)) rest.push("item");
  }
  return { code, rest };
}

/** All inline code. */
function names(name: string) {
  const text = readFileSync(join(root, name), "utf8").replace(/^```[\s\S]*?^```/gm, "");
  return [...new Set(text.match(/`[^`]+`/g))].map((code) => code.replaceAll(/ \(.*\)/g, "")).sort();
}

test("both languages have the same code, headings, tables and lists", () => {
  assert.deepEqual(frame("README.zh-CN.md"), frame("README.md"));
});

test("both languages have the same inline code", () => {
  assert.deepEqual(names("README.zh-CN.md"), names("README.md"));
});
