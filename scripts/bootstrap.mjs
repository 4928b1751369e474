// Installs what is missing for building and testing, and nothing else. Quick when all is there.
import { existsSync, readFileSync } from "node:fs";
import { fail, inRoot, onPath, output, run, wasmBindgenVersion } from "./lib.mjs";

/** @param {{ browser?: boolean, schemathesis?: boolean }} [needs] */
export function bootstrap({ browser = false, schemathesis = false } = {}) {
  rust();
  packages();
  wasmBindgen();
  if (browser) chromium();
  if (schemathesis) searcher();
}

/** @param {string} what */
function say(what) {
  console.log(`bootstrap: ${what}`);
}

function rust() {
  if (!onPath("cargo") || !onPath("rustup")) fail("Rust is needed: install it with rustup, then try again");
  // Any call installs the toolchain that rust-toolchain.toml names, with its components and targets.
  if (!output("rustup", ["target", "list", "--installed"])?.includes("wasm32-unknown-unknown")) {
    say("the WebAssembly target of Rust");
    run("rustup", ["target", "add", "wasm32-unknown-unknown"]);
  }
}

function packages() {
  const locked = JSON.parse(readFileSync(inRoot("package-lock.json"), "utf8")).packages;
  const isThere = ([path, { version, optional }]) => {
    const file = inRoot(path, "package.json");
    return optional || (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version);
  };
  if (
    Object.entries(locked)
      .filter(([path]) => path !== "")
      .every(isThere)
  )
    return;
  say("npm packages");
  run("npm", ["ci", "--no-fund", "--no-audit"]);
}

function wasmBindgen() {
  const version = wasmBindgenVersion();
  if (output("wasm-bindgen", ["--version"])?.trim() === `wasm-bindgen ${version}`) return;
  say(`wasm-bindgen ${version} (a few minutes, once)`);
  // Not --locked: a registry may lag behind the versions in its lock file.
  run("cargo", ["install", "wasm-bindgen-cli", "--version", version, "--root", "target/tools"]);
}

function chromium() {
  if (onPath("chromium") && onPath("chromedriver")) return;
  say("chromium and its driver");
  apt("chromium", "chromium-driver");
}

const SCHEMATHESIS = "4.32.5";

/** What tries the routes against their description, in a Python environment of its own. */
function searcher() {
  const folder = inRoot("target", "tools", "schemathesis");
  const command = `${folder}/bin/schemathesis`;
  if (output(command, ["--version"])?.includes(SCHEMATHESIS)) return;
  if (!onPath("python3")) fail("Python 3.10 or later is needed for the test of the routes");
  say(`Schemathesis ${SCHEMATHESIS}`);
  if (output("python3", ["-c", "import ensurepip"]) === undefined) apt("python3-venv");
  run("python3", ["-m", "venv", "--clear", folder]);
  run(`${folder}/bin/pip`, ["install", "--quiet", "--disable-pip-version-check", `schemathesis==${SCHEMATHESIS}`]);
}

/** @param {...string} packages */
function apt(...packages) {
  if (process.getuid?.() !== 0 || !onPath("apt-get")) fail(`install Debian's ${packages.join(" and ")} for the tests`);
  run("apt-get", ["update", "-qq"]);
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages]);
}

if (process.argv[1]?.endsWith("bootstrap.mjs")) bootstrap({ browser: process.argv.includes("--browser") });
