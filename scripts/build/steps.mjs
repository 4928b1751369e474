// The steps of the build and their inputs.
import { copyFileSync, cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { inRoot, oneByOne, root } from "../lib.mjs";
import { run } from "../processes.mjs";
import { aliasesOf, DEVELOPMENT_DOCS, DEVELOPMENT_PACKAGE, DEVELOPMENT_SITE } from "./development.mjs";
import { addDocs, addDocsPlaceholder, docsSite } from "./docs.mjs";
import { filesAt } from "./files.mjs";
import { npmPackages, rustTarget } from "./install.mjs";
import { optimise, writeEntry, writeLines } from "./module.mjs";
import { noticesOf, noticesOfBundle } from "./notices.mjs";
import { reloading, writeReload } from "./reload.mjs";
import { weighed } from "./sizes.mjs";
import { bundleWorkers } from "./workers.mjs";

/** @typedef {import("./graph.mjs").Step} Step */
/** @typedef {"release" | "development"} Mode "release" is published; "development" compiles quickly and is not minimized */

/**
 * An entry of the package, with its own WebAssembly module. The budget is the largest download size with the module inlined, in
 * bytes of brotli.
 *
 * @typedef {object} Entry
 * @property {string} name of the module
 * @property {string} folder in the package
 * @property {string} crate
 * @property {string[]} features for cargo
 * @property {string} [optLevel] for cargo, if it compresses better than the profile's
 * @property {boolean} [streaming] has a variant that fetches the module
 * @property {boolean} [withoutWasm] has a variant in JavaScript alone: React Native's engine has no WebAssembly, and some pages'
 *   policies forbid it
 * @property {{ inlined: number, noWasm?: number }} budget
 */

/** @type {Entry[]} */
export const ENTRIES = [
  {
    name: "core",
    folder: "",
    crate: "steadymix",
    features: ["--features", "small-allocator"],
    streaming: true,
    budget: { inlined: 153_600 },
  },
  {
    name: "viewer",
    folder: "viewer",
    crate: "steadymix",
    features: ["--no-default-features", "--features", "viewer,small-allocator"],
    // The module is 5 % larger than at "z", but 5 % smaller in brotli.
    optLevel: "2",
    streaming: true,
    withoutWasm: true,
    budget: { inlined: 20_480, noWasm: 30_000 },
  },
  {
    name: "emulator",
    folder: "emulator",
    crate: "steadymix-emulator",
    features: [],
    budget: { inlined: 120_000 },
  },
];

const CARGO = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", ".cargo/config.toml"];
const RUST = /\.(rs|toml)$/;
const CORE = () => [...CARGO, ...filesAt("src", RUST)];
/** @type {Record<string, () => string[]>} */
const SOURCES = {
  steadymix: CORE,
  "steadymix-emulator": () => [...CARGO, ...filesAt("tests/emulator", RUST)],
  "steadymix-simulation": () => [
    ...CORE(),
    ...filesAt("tests/emulator", RUST),
    ...filesAt("tests/simulation/src", RUST),
  ],
  "steadymix-bench": () => [...CORE(), ...filesAt("tests/bench", RUST)],
};

const TOOL_SOURCES = () => ["Cargo.lock", "rust-toolchain.toml", ...filesAt("scripts/bindgen", RUST)];

/** @type {Step} The part of wasm-bindgen's command line that the build needs. To compile all of it takes minutes. */
const bindgen = {
  name: "Tool: wasm-bindgen",
  seconds: 30,
  needs: [rustTarget],
  isTool: true,
  folder: "target/build/bindgen",
  inputs: TOOL_SOURCES,
  make: (folder, how) => compileTool("steadymix-bindgen", [], folder, how),
};

/** @type {Step} wasm-bindgen's runner for tests in WebAssembly. */
export const testRunner = {
  name: "Tool: the runner of tests in WebAssembly",
  seconds: 40,
  // Cargo compiles one tool at a time. Steps that need the other tool should not wait for this one.
  needs: [bindgen],
  folder: "target/build/test-runner",
  inputs: TOOL_SOURCES,
  make: (folder, how) => compileTool("steadymix-test-runner", ["--features", "test-runner"], folder, how),
};

/** @param {string} name @param {string[]} args @param {string} folder @param {import("./graph.mjs").How} how */
async function compileTool(name, args, folder, how) {
  const what = ["-p", "steadymix-bindgen", "--bin", name, ...args];
  await run("cargo", ["build", "--quiet", "--profile", "development", ...what], how);
  copyFileSync(inRoot("target", "development", name), join(folder, name));
}

/**
 * Compiles a module and its glue: `{name}_bg.wasm` and `{name}.js`.
 * @param {{ name: string, crate: string, features?: string[], optLevel?: string }} what
 * @param {Mode} mode
 * @returns {Step}
 */
function compiled({ name, crate, features = [], optLevel }, mode) {
  const file = `${crate.replace("-", "_")}.wasm`;
  const target = inRoot("target", "wasm32-unknown-unknown", mode);
  return {
    name: `WebAssembly: ${name}`,
    seconds: mode === "release" ? 20 : 10,
    needs: [rustTarget, bindgen],
    folder: `target/build/${mode}/${name}`,
    inputs: () => SOURCES[crate]?.() ?? [],
    make: (folder, how) =>
      inTurn(async () => {
        // Two modules come from one crate, and cargo uses the same file name: an existing file may be the other module.
        for (const at of [target, join(target, "deps")]) rmSync(join(at, file), { force: true });
        const wasm = ["--target", "wasm32-unknown-unknown", "-p", crate, ...features];
        const env = mode === "release" && optLevel ? { CARGO_PROFILE_RELEASE_OPT_LEVEL: optLevel } : {};
        // Development builds share compiled code with the tests in WebAssembly, which do not use these flags.
        const paths = mode === "release" ? await withoutPaths() : [];
        await run("cargo", ["build", "--quiet", "--profile", mode, "--lib", ...wasm, ...paths], { ...how, env });
        await run(inRoot(bindgen.folder ?? "", "steadymix-bindgen"), [join(target, file), folder, name]);
      }),
  };
}

/**
 * Options for cargo that make the build reproducible: panic messages contain paths of source files.
 * @returns {Promise<string[]>}
 */
async function withoutPaths() {
  const sysroot = (await run("rustc", ["--print", "sysroot"])).trim();
  const commit = /^commit-hash: (\w+)/m.exec(await run("rustc", ["--version", "--verbose"]))?.[1];
  const flags = [
    [root, "steadymix"],
    [process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "cargo"],
    // With the component rust-src, its paths are used instead.
    [join(sysroot, "lib", "rustlib", "src", "rust"), `/rustc/${commit}`],
  ].map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  // Flags in the environment would replace those of .cargo/config.toml; these are added. Arrays in TOML and JSON look the same.
  return ["--config", `target.wasm32-unknown-unknown.rustflags=${JSON.stringify(flags)}`];
}

/** Compiles one module at a time, so that they share compiled dependencies. */
const inTurn = oneByOne();

/**
 * A compiled module, optimised for size.
 * @param {Step} from
 * @param {string} name
 * @returns {Step}
 */
function small(from, name) {
  return {
    name: `WebAssembly: ${name}, optimised`,
    seconds: 10,
    needs: [npmPackages, from],
    folder: `target/build/release/${name}-small`,
    make: async (folder) => {
      await optimise(inRoot(from.folder ?? "", `${name}_bg.wasm`), join(folder, `${name}_bg.wasm`));
      copyFileSync(inRoot(from.folder ?? "", `${name}.js`), join(folder, `${name}.js`));
    },
  };
}

/** The modules of the package's entries. */
const MODULES = {
  development: ENTRIES.map((entry) => compiled(entry, "development")),
  release: ENTRIES.map((entry) => small(compiled(entry, "release"), entry.name)),
};

/** @type {Step} */
const notices = {
  name: "Third-party notices",
  seconds: 1,
  needs: [rustTarget],
  folder: "target/build/notices",
  inputs: () => [...CARGO, "tests/emulator/Cargo.toml"],
  make: async (folder) => writeFileSync(join(folder, NOTICES), await noticesOf(ENTRIES)),
};

/** @type {Step} */
export const typescript = {
  name: "TypeScript",
  seconds: 2,
  needs: [npmPackages],
  folder: "target/build/typescript",
  inputs: () => ["tsconfig.json", "tsconfig.build.json", "package-lock.json", ...filesAt("src/js")],
  make: async (folder) => {
    await run("tsc", ["-p", "tsconfig.build.json", "--outDir", folder]);
    for (const part of ["cloudflare", "cli"]) await run("tsc", ["-p", `src/js/${part}`, "--outDir", folder]);
    for (const entry of ENTRIES)
      copyFileSync(inRoot("src", "js", entry.folder, "glue.d.ts"), join(folder, entry.folder, "glue.d.ts"));
  },
};

const NOTICES = "THIRD-PARTY-NOTICES.txt";

/** @param {Mode} mode @param {string} folder @returns {Step} */
function entries(mode, folder) {
  return {
    name: mode === "release" ? "The package's entries" : "The package, for development",
    seconds: mode === "release" ? 5 : 1,
    needs: [npmPackages, typescript, ...MODULES[mode], ...(mode === "release" ? [notices] : [])],
    folder,
    isWatched: mode === "development",
    make: async (folder) => {
      cpSync(inRoot(typescript.folder ?? ""), folder, { recursive: true });
      for (const [i, entry] of ENTRIES.entries())
        await writeEntry(entry, inRoot(MODULES[mode][i]?.folder ?? ""), join(folder, entry.folder), mode === "release");
      // The project's package.json declares side effects only in dist/: bundlers would drop the code that starts the modules.
      writeFileSync(join(folder, "package.json"), '{ "type": "module", "sideEffects": true }');
      if (mode === "release") copyFileSync(inRoot(notices.folder ?? "", NOTICES), join(folder, NOTICES));
      // The entry for Workers has only one runtime.
      writeLines(join(folder, "cloudflare", "entry.js"), [
        'import "../index.workerd.js";',
        'export * from "./index.js";',
      ]);
    },
  };
}

const releaseEntries = entries("release", "target/build/package");
export const developmentPackage = entries("development", DEVELOPMENT_PACKAGE);

/** @type {Step} The pages without the documentation. */
const releasePages = {
  name: "The viewer page and the console",
  seconds: 3,
  needs: [npmPackages, releaseEntries],
  folder: "target/www/pages",
  inputs: pageSources,
  make: async (folder) => {
    const alias = aliasesOf("default", inRoot(releaseEntries.folder ?? ""));
    const modules = await pages(folder, { minify: true }, { resolve: { alias } });
    writeFileSync(join(folder, NOTICES), noticesOfBundle(modules));
  },
};

/** @type {Step} What `steadymix serve` runs: the Workers, and the pages. */
const server = {
  name: "The server's Workers",
  seconds: 1,
  needs: [npmPackages, releaseEntries, releasePages],
  folder: "target/build/serve",
  inputs: () => ["package-lock.json", ...filesAt("www/worker"), ...filesAt("www/emulator")],
  make: async (folder) => {
    const modules = await bundleWorkers(folder, aliasesOf("workerd", inRoot(releaseEntries.folder ?? "")));
    writeFileSync(join(folder, NOTICES), noticesOfBundle(modules));
    cpSync(inRoot(releasePages.folder ?? ""), join(folder, "pages"), { recursive: true });
  },
};

/** @type {Step} The published package, as `npm run build` writes it. */
export const releasePackage = {
  name: "The package",
  seconds: 1,
  needs: [releaseEntries, server],
  folder: "dist",
  make: async (folder) => {
    cpSync(inRoot(releaseEntries.folder ?? ""), folder, { recursive: true });
    rmSync(join(folder, "package.json"));
    cpSync(inRoot(server.folder ?? ""), join(folder, "serve"), { recursive: true });
  },
};

export const SIZES = "target/build/sizes/sizes.txt";

/** @type {Step} The size of each entry. */
export const sizes = {
  name: "Sizes and their budgets",
  seconds: 4,
  needs: [npmPackages, releasePackage],
  folder: "target/build/sizes",
  make: async (folder) => {
    const lines = await weighed(ENTRIES, inRoot("dist"));
    writeFileSync(join(folder, "sizes.txt"), `${lines.join("\n")}\n`);
  },
};

/** The documentation. */
export const releaseDocs = docsSite(releasePackage, "target/www/docs", {});
/** `npm start` builds it in the background, and only once. */
export const developmentDocs = docsSite(developmentPackage, DEVELOPMENT_DOCS, aliasesOf("default"));

/** @type {Step} */
export const releaseSite = {
  name: "The pages",
  seconds: 1,
  needs: [releasePages, releaseDocs],
  folder: "target/www/site",
  make: async (folder) => {
    cpSync(inRoot(releasePages.folder ?? ""), folder, { recursive: true });
    addDocs(inRoot(releaseDocs.folder ?? ""), folder);
  },
};

/** @type {Step} */
export const developmentSite = {
  name: "The pages, for development",
  seconds: 3,
  needs: [npmPackages, developmentPackage],
  folder: DEVELOPMENT_SITE,
  isWatched: true,
  // Not a need: the first start does not wait for the documentation.
  inputs: () => [...pageSources(), ...filesAt(DEVELOPMENT_DOCS)],
  make: async (folder) => {
    await pages(folder, { minify: false }, { plugins: [reloading], resolve: { alias: aliasesOf("default") } });
    // Open pages do not reload when the documentation is added.
    writeReload(folder);
    if (existsSync(inRoot(DEVELOPMENT_DOCS))) addDocs(inRoot(DEVELOPMENT_DOCS), folder);
    else addDocsPlaceholder(folder);
  },
};

function pageSources() {
  const docs = new Set(filesAt("www/docs"));
  return ["package-lock.json", "package.json", ...filesAt("www").filter((file) => !docs.has(file))];
}

/**
 * @param {string} outDir
 * @param {import("vite").BuildOptions} options
 * @param {import("vite").InlineConfig} [more]
 * @returns {Promise<string[]>} the paths of their modules
 */
async function pages(outDir, options, more) {
  const viewer = await vite(inRoot("www", "viewer"), { outDir, ...options }, more);
  return [...viewer, ...(await vite(inRoot("www", "console"), { outDir: join(outDir, "console"), ...options }, more))];
}

/**
 * @param {string} root
 * @param {import("vite").BuildOptions} options
 * @param {import("vite").InlineConfig} [more]
 * @returns {Promise<string[]>} the paths of its modules
 */
async function vite(root, options, more) {
  // Imported here because the packages may not be installed yet.
  const { build } = await import("vite");
  const made = await build({ root, logLevel: "warn", build: { ...options, emptyOutDir: true }, ...more });
  if (!("output" in made)) throw new Error("the pages were not built once");
  return made.output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
}

/** @type {Step} The pages of the viewer's tests and benchmark. */
export const testPages = {
  name: "The pages of the tests",
  seconds: 3,
  needs: [npmPackages, releasePackage],
  folder: "target/www/tests",
  inputs: () => [...pageSources(), ...filesAt("tests/viewer")],
  make: async (outDir) => {
    await vite(
      inRoot("tests", "viewer", "pages"),
      { outDir },
      { configFile: inRoot("tests", "viewer", "vite.config.ts") },
    );
  },
};

/** The simulation, for the golden traces in WebAssembly. */
export const simulation = compiled({ name: "simulation", crate: "steadymix-simulation" }, "release");

/** Alternatives that pass objects across the boundary, for `npm run bench`. They are optimised like the package's modules. */
export const objects = small(compiled({ name: "objects", crate: "steadymix-bench" }, "release"), "objects");
