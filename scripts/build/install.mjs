// Installs what is missing: packages, Rust's WebAssembly target, and tools of the tests.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { inRoot, messageOf, oneByOne, onPath, Unavailable } from "../lib.mjs";
import { output, run } from "../processes.mjs";
import { digestOf } from "./files.mjs";
import { locked } from "./lock.mjs";

/** @typedef {import("./graph.mjs").Step} Step */

/** @type {Step} */
export const npmPackages = {
  name: "npm packages",
  seconds: 20,
  isThere: () => {
    const installed = inRoot("node_modules", ".package-lock.json");
    if (!existsSync(installed)) return false;
    /** @param {string} file @returns {Record<string, { version?: string, optional?: boolean }>} */
    const packagesOf = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
    /** @param {[string, { version?: string }]} entry */
    const isThere = ([path, { version }]) => {
      const file = inRoot(path, "package.json");
      return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version;
    };
    const needed = Object.entries(packagesOf(inRoot("package-lock.json"))).filter(
      ([path, { optional }]) => path !== "" && !optional,
    );
    // npm's own list also contains this platform's optional packages.
    return [...needed, ...Object.entries(packagesOf(installed))].every(isThere);
  },
  make: async () => {
    await run("npm", ["ci", "--no-fund", "--no-audit"]);
  },
};

/** @type {Step} */
export const rustTarget = {
  name: "Rust's target for WebAssembly",
  seconds: 5,
  isTool: true,
  // Any rustup command installs the toolchain of rust-toolchain.toml with its components and targets.
  isThere: async () =>
    (await output("rustup", ["target", "list", "--installed"]))?.includes("wasm32-unknown-unknown") ?? false,
  make: async () => {
    if (!onPath("cargo") || !onPath("rustup"))
      throw new Error("Rust is missing: install it from rustup.rs, then try again");
    await run("rustup", ["target", "add", "wasm32-unknown-unknown"]);
  },
};

/** @type {Step} */
export const chromium = {
  name: "Chromium and its driver",
  seconds: 20,
  isThere: () => Boolean(onPath("chromium") && onPath("chromedriver")),
  make: () => apt("chromium", "chromium-driver"),
};

/** Firefox. The variable `FIREFOX` overrides the one on the PATH. */
export const firefoxPath = () => process.env.FIREFOX ?? onPath("firefox-esr") ?? onPath("firefox");

/** @type {Step} */
export const firefox = {
  name: "Firefox",
  seconds: 30,
  isThere: async () => (await output(firefoxPath() ?? "firefox", ["--version"])) !== undefined,
  make: () => optional("Firefox", ["firefox-esr"]),
};

/** @type {Step} */
export const webkit = {
  name: "WebKit, its driver, and a screen for it",
  seconds: 40,
  isThere: async () =>
    Boolean(onPath("WebKitWebDriver") && onPath("Xvfb") && (await output("dpkg-query", ["-W", "gstreamer1.0-gl"]))),
  // The last package plays video. WebKit's package only recommends it.
  make: () => optional("WebKit", ["webkit2gtk-driver", "xvfb", "gstreamer1.0-gl"]),
};

const SCHEMATHESIS = "4.32.5";

/** @type {Step} Tests the routes against their OpenAPI description, in its own Python environment. */
export const schemathesis = {
  name: `Schemathesis ${SCHEMATHESIS}`,
  seconds: 15,
  isThere: async () =>
    (await output(inRoot("target/tools/schemathesis/bin/schemathesis"), ["--version"]))?.includes(SCHEMATHESIS) ??
    false,
  make: async () => {
    const folder = inRoot("target", "tools", "schemathesis");
    if (!onPath("python3")) throw new Error("Python 3.10 or later is missing: the test of the routes needs it");
    if ((await output("python3", ["-c", "import ensurepip"])) === undefined) await apt("python3-venv");
    await run("python3", ["-m", "venv", "--clear", folder]);
    const pip = ["install", "--quiet", "--disable-pip-version-check", `schemathesis==${SCHEMATHESIS}`];
    await run(`${folder}/bin/pip`, pip);
  },
};

const CONSUMERS = "tests/consumers/project";
const CACHE = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");

/**
 * The packages for the consumer tests (1.5 GB), by the digest of their lock file. All clones share them. They are outside of the
 * clone: otherwise a missing dependency would be found in the project's own packages.
 */
export const consumersFolder = () => {
  const lock = digestOf([`${CONSUMERS}/package.json`, `${CONSUMERS}/package-lock.json`]);
  return join(CACHE, "steadymix", `consumers-${lock.slice(0, 12)}`);
};

/** @type {Step} */
export const consumerPackages = {
  name: "Bundlers and runtimes for the consumer tests (1.5 GB)",
  seconds: 60,
  isThere: () => existsSync(join(consumersFolder(), "installed")),
  make: async () => {
    const folder = consumersFolder();
    await locked(`${folder}.lock`, async () => {
      if (existsSync(join(folder, "installed"))) return;
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      for (const file of ["package.json", "package-lock.json"])
        copyFileSync(inRoot(CONSUMERS, file), join(folder, file));
      await run("npm", ["ci", "--no-fund", "--no-audit", "--loglevel", "error"], { cwd: folder });
      writeFileSync(join(folder, "installed"), "");
    });
  },
};

/**
 * Installs something that is optional for the tests.
 * @param {string} name
 * @param {string[]} packages
 */
async function optional(name, packages) {
  try {
    await apt(...packages);
  } catch (error) {
    throw new Unavailable(`there is no ${name} (${messageOf(error).split("\n")[0]})`);
  }
}

/** One at a time: apt-get does not wait for the lock of its lists. */
const inTurn = oneByOne();

/** @param {...string} packages */
async function apt(...packages) {
  if (process.getuid?.() !== 0 || !onPath("apt-get"))
    throw new Error(`the tests need ${packages.join(" and ")}: install them, or run the tests as root on Debian`);
  const wait = ["-o", "DPkg::Lock::Timeout=300"];
  await inTurn(async () => {
    await run("apt-get", ["update", "-qq"]);
    await run("apt-get", [...wait, "install", "-y", "-qq", "--no-install-recommends", ...packages], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
  });
}
