// `npm run docs`: builds the reference of the package (target/docs/js) and the crate (target/doc). Fails on undocumented public
// items and broken links.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fail, inRoot, messageOf } from "./lib.mjs";
import { run } from "./processes.mjs";

// TypeDoc needs the compiler's JavaScript API, which the TypeScript of the dev dependencies lacks.
const TOOLS = ["typedoc@0.28.20", "typescript@5.9.3"];
const tools = inRoot("target", "tools", "docs");
const ENTRIES = ["index.ts", "viewer/index.ts", "viewer/react.ts", "emulator/index.ts", "cloudflare/index.ts"];

/** Languages of the README's examples. */
const LANGUAGES = ["javascript", "typescript", "jsx", "jsonc", "sh"];

/** Of what the docs say in words, JSON Schema takes the limits from these. */
const LIMITS = ["minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "pattern", "also"].map(
  (tag) => `@${tag}`,
);
const BLOCK_TAGS = ["@param", "@returns", "@throws", "@see", "@example", "@deprecated", ...LIMITS];

const typedoc = `${tools}/node_modules/typedoc/bin/typedoc`;
try {
  if (!existsSync(typedoc)) {
    console.log(`Installing ${TOOLS.join(", ")}`);
    await run("npm", ["install", "--prefix", tools, "--no-audit", "--no-fund", "--no-save", ...TOOLS]);
  }
  await ofPackage();
  // Reuses the dependencies that clippy has checked.
  await run("cargo", ["doc", "--quiet", "--no-deps", "--package", "steadymix"], {
    env: { RUSTDOCFLAGS: "-D warnings -D missing_docs" },
  });
} catch (error) {
  fail(messageOf(error));
}
console.log("target/docs/js/index.html, target/doc/steadymix/index.html");

async function ofPackage() {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      typedoc,
      ...["--tsconfig", inRoot("scripts", "docs.tsconfig.json"), "--basePath", inRoot("src", "js")],
      ...ENTRIES.flatMap((entry) => ["--entryPoints", inRoot("src", "js", entry)]),
      ...["--name", "Steadymix", "--readme", inRoot("README.md"), "--includeVersion", "--hideGenerator"],
      ...["--out", inRoot("target", "docs", "js"), "--disableSources", "--excludePrivate", "--excludeInternal"],
      // The types of pages and Workers contradict each other. `npm run lint` checks them separately.
      ...["--validation.notDocumented", "--skipErrorChecking", "--logLevel", "Warn"],
      ...["--intentionallyNotExported", "EventQueue"],
      ...LANGUAGES.flatMap((language) => ["--highlightLanguages", language]),
      ...BLOCK_TAGS.flatMap((tag) => ["--blockTags", tag]),
      ...LIMITS.flatMap((tag) => ["--notRenderedTags", tag]),
    ],
    { encoding: "utf8" },
  );
  // Members of an anonymous union need no docs: the union has them.
  const lines = `${stdout}${stderr}`.split("\n").filter((line) => /warning|error/.test(line));
  const wrong = lines.filter((line) => !line.includes(".__type.") && !line.includes("Found 0 errors"));
  if (status !== 0 || wrong.length > 0) throw new Error(`the reference of the package:\n${wrong.join("\n")}`);
}
