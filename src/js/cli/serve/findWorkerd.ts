/** Finds workerd, Cloudflare's runtime, or installs it: a program of 140 MB, which most users of the package do not need. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { COMPATIBILITY_DATE } from "./config.js";

/** The version that this package is tested with. */
export const WORKERD_VERSION = "1.20261023.1";

/** Returns the path of the program. Throws if it is missing and may not be installed, or cannot be. */
export async function findWorkerd(mayInstall: boolean, report: (line: string) => void): Promise<string> {
  const cache = join(
    process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
    "steadymix",
    `workerd-${WORKERD_VERSION}`,
  );
  for (const folder of [process.cwd(), import.meta.dirname, cache]) {
    const found = installedIn(folder);
    if (found) return found;
  }
  const command = `npm install workerd@${WORKERD_VERSION}`;
  if (!mayInstall) throw new Error(`workerd is not installed, and --no-install forbids installing it: run ${command}`);
  report(`Installing workerd ${WORKERD_VERSION} in ${cache}, once (about 45 MB to download)`);
  await install(cache);
  const installed = installedIn(cache);
  if (!installed) throw new Error(`there is no workerd for ${process.platform} ${process.arch}`);
  return installed;
}

/** The program that a script in this folder would use; `undefined`: none, or too old for the Worker. */
function installedIn(folder: string): string | undefined {
  const require = createRequire(join(folder, "steadymix.cjs"));
  try {
    const manifest = require.resolve("workerd/package.json");
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    if (Number(version.split(".")[1]) < Number(COMPATIBILITY_DATE.replaceAll("-", ""))) return undefined;
    const { default: program } = createRequire(manifest)("workerd") as { default: string };
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** Installs beside the place, then moves it there: another process may do the same at this moment. */
async function install(place: string): Promise<void> {
  mkdirSync(dirname(place), { recursive: true });
  const made = mkdtempSync(`${place}.`);
  try {
    const args = ["install", "--prefix", made, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
    const npm = spawn("npm", [...args, `workerd@${WORKERD_VERSION}`], { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    npm.stderr.on("data", (chunk) => (errors += chunk));
    const code = await new Promise((resolve) => npm.once("error", () => resolve(127)).once("close", resolve));
    if (code !== 0) throw new Error(`npm could not install workerd ${WORKERD_VERSION}:\n${errors.trim()}`);
    if (!existsSync(place)) renameSync(made, place);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}
