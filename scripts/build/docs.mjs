// Builds the documentation site: the API reference (TypeDoc), the crate's reference (rustdoc), and the pages of www/docs
// (VitePress).
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inRoot } from "../lib.mjs";
import { captured, run } from "../processes.mjs";
import { allFiles, filesAt } from "./files.mjs";
import { npmPackages } from "./install.mjs";
import { checkLinks, inlineScripts } from "./links.mjs";

/** @typedef {import("./graph.mjs").Step} Step */

/** TypeDoc needs the compiler's JavaScript API, which the TypeScript of the dev dependencies lacks. */
const TOOLS = { typedoc: "0.28.20", "typedoc-plugin-markdown": "4.14.1", typescript: "5.9.3" };
const TOOLS_FOLDER = "target/tools/docs";

/** @type {Step} */
const docsTools = {
  name: "Tools of the API reference",
  seconds: 5,
  isTool: true,
  isThere: () =>
    Object.entries(TOOLS).every(([name, version]) => {
      const file = inRoot(TOOLS_FOLDER, "node_modules", name, "package.json");
      return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version;
    }),
  make: async () => {
    const tools = Object.entries(TOOLS).map(([name, version]) => `${name}@${version}`);
    await run("npm", ["install", "--prefix", inRoot(TOOLS_FOLDER), "--no-audit", "--no-fund", "--no-save", ...tools]);
  },
};

/** The sources of the entries, and the names of their pages. */
const ENTRIES = {
  "index.ts": "index.md",
  "viewer/index.ts": "viewer.md",
  "viewer/react.ts": "viewer/react.md",
  "emulator/index.ts": "emulator.md",
  "cloudflare/index.ts": "cloudflare.md",
  "rtc-tokens.ts": "rtc-tokens.md",
};

/** Tags from which the JSON Schema takes its limits. They are not rendered, because the docs also state the limits in words. */
const LIMITS = ["minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "pattern", "also"].map(
  (tag) => `@${tag}`,
);
const BLOCK_TAGS = ["@param", "@returns", "@throws", "@see", "@example", "@deprecated", ...LIMITS];
const TABLES = ["parameters", "interfaceProperties", "classProperties", "typeAliasProperties", "propertyMembers"];

/** @type {Step} The public items of the package. Fails on one without documentation. */
export const apiReference = {
  name: "API reference",
  seconds: 5,
  needs: [npmPackages, docsTools],
  folder: "target/docs/api",
  inputs: () => ["tsconfig.json", "tsconfig.build.json", "scripts/docs.tsconfig.json", ...filesAt("src/js")],
  make: async (folder, how) => {
    const { code, text } = await captured(
      process.execPath,
      [
        inRoot(TOOLS_FOLDER, "node_modules", "typedoc", "bin", "typedoc"),
        ...["--plugin", "typedoc-plugin-markdown", "--router", "module"],
        ...["--tsconfig", inRoot("scripts", "docs.tsconfig.json"), "--basePath", inRoot("src", "js")],
        ...Object.keys(ENTRIES).flatMap((entry) => ["--entryPoints", inRoot("src", "js", entry)]),
        ...["--name", "Steadymix", "--readme", "none", "--out", folder],
        ...["--disableSources", "--excludePrivate", "--excludeInternal", "--excludeExternals"],
        // The types of pages and Workers contradict each other. `npm run lint` checks them separately.
        ...["--validation.notDocumented", "--skipErrorChecking", "--logLevel", "Warn"],
        ...["--intentionallyNotExported", "EventQueue"],
        ...["--hideBreadcrumbs", "--hidePageHeader", "--expandObjects", "false"],
        ...TABLES.flatMap((what) => [`--${what}Format`, "table"]),
        ...BLOCK_TAGS.flatMap((tag) => ["--blockTags", tag]),
        ...LIMITS.flatMap((tag) => ["--notRenderedTags", tag]),
      ],
      how,
    );
    // Members of an anonymous union need no docs: the union has them.
    const lines = text.split("\n").filter((line) => /warning|error/.test(line));
    const wrong = lines.filter((line) => !line.includes(".__type.") && !line.includes("Found 0 errors"));
    if (code !== 0 || wrong.length > 0) throw new Error(`the API reference:\n${wrong.join("\n")}`);
    rmSync(join(folder, "README.md"));
    for (const page of Object.values(ENTRIES)) writeFileSync(join(folder, page), pageOf(folder, page));
    renameSync(join(folder, "index.md"), join(folder, "steadymix.md"));
  },
};

/**
 * A page of TypeDoc as a page of the site.
 * @param {string} folder
 * @param {string} page
 */
function pageOf(folder, page) {
  const name = page === "index.md" ? "steadymix" : `steadymix/${page.replace(".md", "")}`;
  const text = readFileSync(join(folder, page), "utf8")
    .replace(/^# .*$/m, `# ${name}`)
    // Keeps these headings out of the search index and the outline, which should list only the names of items.
    .replace(/^#{4,6} ([A-Z][\w ]*)$/gm, (heading, words) => (PARTS.has(words) ? `**${words}**` : heading))
    .replaceAll(/\]\(((?:\.\.\/)*)index\.md/g, "]($1steadymix.md");
  const headings = [...text.matchAll(/^#+ (\w+)/gm)].map(([, word]) => word?.toLowerCase());
  // TypeDoc numbers some headings that are the only ones with their name.
  const linked = text.replaceAll(/\]\(#(\w+)-1\)/g, (link, id) =>
    headings.filter((heading) => heading === id).length === 1 ? `](#${id})` : link,
  );
  return `---\ntitle: ${name}\n---\n\n${linked}`;
}

/** Headings that every item has. */
const PARTS = new Set([
  ...[
    "Accessors",
    "Constructors",
    "Extended by",
    "Extends",
    "Get Signature",
    "Implements",
    "Inherited from",
    "Methods",
  ],
  ...["Overrides", "Parameters", "Properties", "Returns", "Set Signature", "Throws", "Type Declaration"],
  ...["Type Parameters", "Implementation of", "Index Signature", "Indexable"],
]);

const RUST = /\.(rs|toml)$/;

/** @type {Step} The public items of the crate. Fails on one without documentation. */
export const rustReference = {
  name: "Reference of the crate",
  seconds: 10,
  folder: "target/docs/rust",
  inputs: () => ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", ...filesAt("src", RUST)],
  make: async (folder, how) => {
    // The folder may contain pages of items that were removed.
    rmSync(inRoot("target", "doc"), { recursive: true, force: true });
    // Reuses the dependencies that clippy has checked.
    await run("cargo", ["doc", "--quiet", "--no-deps", "--package", "steadymix"], {
      ...how,
      env: { RUSTDOCFLAGS: "-D warnings -D missing_docs" },
    });
    cpSync(inRoot("target", "doc"), folder, { recursive: true, filter: (file) => !file.endsWith("/.lock") });
  },
};

/** The path on the server: `base` in the configuration of the site. */
export const DOCS_BASE = "/docs/";
const SOURCE = "target/build/docs-source";

/**
 * @param {Step} from the package that the pages run
 * @param {string} folder
 * @param {Record<string, string>} alias of the imports of the package by its name
 * @returns {Step}
 */
export function docsSite(from, folder, alias) {
  return {
    name: "The documentation",
    seconds: 30,
    needs: [npmPackages, from, apiReference, rustReference],
    folder,
    inputs: () => ["package.json", "package-lock.json", ...pageSources()],
    make: async (folder, how) => {
      const www = inRoot(`${SOURCE}.${process.pid}`);
      const source = join(www, "docs");
      rmSync(www, { recursive: true, force: true });
      try {
        for (const file of pageSources()) copy(inRoot(file), join(www, file.slice("www/".length)));
        // In both languages, so that both searches find its items.
        for (const at of ["api", "zh/api"])
          cpSync(inRoot(apiReference.folder ?? ""), join(source, at), { recursive: true });
        cpSync(inRoot(rustReference.folder ?? ""), join(source, "public", "rust"), { recursive: true });
        await run("vitepress", ["build", source, "--outDir", folder], {
          ...how,
          env: { STEADYMIX_ALIASES: JSON.stringify(alias) },
        });
      } finally {
        rmSync(www, { recursive: true, force: true });
      }
      const { dead, external } = checkLinks(folder, DOCS_BASE);
      if (dead.length > 0) throw new Error(`dead links in the documentation:\n${dead.join("\n")}`);
      writeFileSync(join(folder, EXTERNAL_LINKS), `${external.join("\n")}\n`);
    },
  };
}

/**
 * The sources of all pages, because components import from other pages. Without `tsconfig.json`, whose paths would be wrong in a
 * copy.
 */
function pageSources() {
  return filesAt("www").filter((file) => !file.endsWith("/tsconfig.json"));
}

/** All links from the documentation to other sites, which no check follows. */
export const EXTERNAL_LINKS = "external-links.txt";

/** @param {string} file @param {string} to */
function copy(file, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(file, to);
}

/**
 * Adds the documentation to a site. Its pages have inline scripts, which the policy of the site's other pages forbids.
 * @param {string} docs
 * @param {string} site
 */
export function addDocs(docs, site) {
  cpSync(docs, join(site, DOCS_BASE), { recursive: true, filter: (file) => !file.endsWith(EXTERNAL_LINKS) });
  const file = join(site, "_headers");
  const headers = readFileSync(file, "utf8");
  const policy = /^ +Content-Security-Policy: (.*)$/m.exec(headers)?.[1];
  if (!policy?.includes("script-src ")) throw new Error("_headers has no policy for scripts");
  const hashes = inlineScripts(allFiles(docs)).map((hash) => `'${hash}'`);
  const extended = policy.replace(/script-src [^;]*/, (scripts) => [scripts, ...hashes].join(" "));
  const rule = [`${DOCS_BASE}*`, "  ! Content-Security-Policy", `  Content-Security-Policy: ${extended}`];
  writeFileSync(file, `${headers.trimEnd()}\n${rule.join("\n")}\n`);
}

/**
 * Adds a page that waits for the documentation.
 * @param {string} site
 */
export function addDocsPlaceholder(site) {
  for (const folder of ["", "zh"]) {
    mkdirSync(join(site, DOCS_BASE, folder), { recursive: true });
    writeFileSync(join(site, DOCS_BASE, folder, "index.html"), PLACEHOLDER);
  }
}

const PLACEHOLDER = `<!doctype html>
<meta charset="utf-8" />
<meta name="color-scheme" content="light dark" />
<meta http-equiv="refresh" content="5" />
<title>Steadymix</title>
<p>The documentation is being built. This page reloads.</p>
<p lang="zh">正在构建文档，本页会自动刷新。</p>
`;
