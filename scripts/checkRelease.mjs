// `node scripts/checkRelease.mjs v1.2.3`: checks that package.json, Cargo.toml and the change log have this version.
import { readFileSync } from "node:fs";
import { fail, inRoot } from "./lib.mjs";

const tag = process.argv[2] ?? "";
const version = tag.replace(/^v/, "");
/** @param {string} file @param {RegExp} pattern */
const found = (file, pattern) => pattern.exec(readFileSync(inRoot(file), "utf8"))?.[1];
const versions = {
  "package.json": found("package.json", /^ {2}"version": "([^"]+)"/m),
  "Cargo.toml": found("Cargo.toml", /^version = "([^"]+)"/m),
  "CHANGELOG.md": found("CHANGELOG.md", /^## \[?(\d[^\s\]]*)/m),
};
const wrong = Object.entries(versions).filter(([, found]) => found !== version);
if (tag === version || wrong.length > 0)
  fail(
    `the tag is ${JSON.stringify(tag)}, but must be v and the version of ${Object.keys(versions).join(", ")}: ${JSON.stringify(versions)}`,
  );
console.log(`${tag}: matches ${Object.keys(versions).join(", ")}`);
