// Runs a TypeScript program with the development build of the package.
import { build } from "./build/graph.mjs";
import { developmentPackage } from "./build/steps.mjs";
import { fail, inRoot, messageOf, projectNode } from "./lib.mjs";
import { program } from "./processes.mjs";

/**
 * Parses the flags, builds what is out of date, and runs the program until it ends. Wrong flags fail before the build.
 * @template {object} Flags
 * @param {string} file from the project's root
 * @param {string} help
 * @param {(args: string[], env: NodeJS.ProcessEnv) => Flags | "help"} readFlags throws if they are invalid
 * @param {(flags: Flags) => Promise<void>} [check] throws if the program cannot run
 */
export async function runProgram(file, help, readFlags, check) {
  const args = process.argv.slice(2);
  try {
    const flags = parsed(() => readFlags(args, process.env), help);
    if (flags === "help") {
      console.log(help);
      return;
    }
    await check?.(flags);
    await build([developmentPackage]).all;
    const hooks = inRoot("scripts", "build", "developmentHooks.mjs");
    process.exit(await program(projectNode, ["--import", hooks, inRoot(file), ...args]));
  } catch (error) {
    fail(messageOf(error));
  }
}

/** @template T @param {() => T} read @param {string} help */
function parsed(read, help) {
  try {
    return read();
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${help}`);
    process.exit(2);
  }
}
