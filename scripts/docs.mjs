// `npm run docs`: the reference of the package (target/docs/js) and of the crate (target/docs/rust). What is public and not
// documented, or links to nothing, fails it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fail, inRoot, run } from "./lib.mjs";

// TypeDoc reads TypeScript with the compiler's own API, which the dev dependencies' version has no more.
const TOOLS = ["typedoc@0.28.20", "typescript@5.9.3"];
const tools = inRoot("target", "tools", "docs");
const ENTRIES = ["index.ts", "viewer/index.ts", "viewer/react.ts", "emulator/index.ts", "cloudflare/index.ts"];

/** Of the README's examples. */
const LANGUAGES = ["javascript", "typescript", "jsx", "jsonc", "sh"];

const typedoc = `${tools}/node_modules/typedoc/bin/typedoc`;
if (!existsSync(typedoc)) {
  console.log(`bootstrap: ${TOOLS.join(", ")}`);
  run("npm", ["install", "--prefix", tools, "--no-audit", "--no-fund", "--no-save", ...TOOLS]);
}
const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [
    typedoc,
    ...["--tsconfig", inRoot("scripts", "docs.tsconfig.json"), "--basePath", inRoot("src", "js")],
    ...ENTRIES.flatMap((entry) => ["--entryPoints", inRoot("src", "js", entry)]),
    ...["--name", "Steadymix", "--readme", inRoot("README.md"), "--includeVersion", "--hideGenerator"],
    ...["--out", inRoot("target", "docs", "js"), "--disableSources", "--excludePrivate", "--excludeInternal"],
    // Pages and Workers together have types that contradict each other; each by itself is checked by `npm run lint`.
    ...["--validation.notDocumented", "--skipErrorChecking", "--logLevel", "Warn"],
    ...["--intentionallyNotExported", "EventQueue"],
    ...LANGUAGES.flatMap((language) => ["--highlightLanguages", language]),
  ],
  { encoding: "utf8" },
);
// What has no name of its own, a member of a union, is told of by what it belongs to.
const said = `${stdout}${stderr}`.split("\n").filter((line) => /warning|error/.test(line));
const wrong = said.filter((line) => !line.includes(".__type.") && !line.includes("Found 0 errors"));
if (status !== 0 || wrong.length > 0) fail(`the reference of the package:\n${wrong.join("\n")}`);

process.env.RUSTDOCFLAGS = "-D warnings -D missing_docs";
run("cargo", [
  "doc",
  "--quiet",
  "--no-deps",
  "--package",
  "steadymix",
  "--target-dir",
  inRoot("target", "docs", "rust"),
]);
console.log("target/docs/js/index.html, target/docs/rust/doc/steadymix/index.html");
