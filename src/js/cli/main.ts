#!/usr/bin/env node
/** `steadymix COMMAND`. Exit codes: 0 for success, 1 for a command whose result is bad, 2 for wrong usage and errors. */
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { isSteadymixError } from "../errors.js";
import type { Command, Io } from "./command.js";
import { messageOf, UsageError } from "./flags.js";

/** Each is loaded when it is needed: `demo` needs nothing of a server. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  demo: () => import("./commands/demo.js"),
  emulator: () => import("./commands/emulator.js"),
  serve: () => import("./commands/serve.js"),
  supervise: () => import("./commands/supervise.js"),
  doctor: () => import("./commands/doctor.js"),
};

async function main([name, ...args]: string[], io: Io): Promise<number> {
  if (name === "--version") {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    io.print(version);
    return 0;
  }
  if (name === "--help" || name === "-h" || name === undefined) {
    (name === undefined ? io.warn : io.print)(await help());
    return name === undefined ? 2 : 0;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    io.warn(`the command is ${JSON.stringify(name)}, but must be one of ${Object.keys(COMMANDS).join(", ")}`);
    return 2;
  }
  const command = await load();
  if (args.includes("--help") || args.includes("-h")) {
    io.print(command.help);
    return 0;
  }
  try {
    return await command.run(args, io);
  } catch (error) {
    if (io.stop.aborted && error === io.stop.reason)
      return 128 + constants.signals[io.stop.reason as keyof typeof constants.signals];
    io.warn(isSteadymixError(error) ? `${error.code}: ${error.message}` : messageOf(error));
    if (error instanceof UsageError) io.warn(`\nsteadymix ${name} --help lists what is allowed`);
    return 2;
  }
}

async function help(): Promise<string> {
  const commands = Object.entries(COMMANDS).map(
    async ([name, load]) => `  ${name.padEnd(10)} ${(await load()).summary}`,
  );
  return `Keeps Agora Cloud Transcoding broadcasts on air.

  steadymix COMMAND [flags]

${(await Promise.all(commands)).join("\n")}

  steadymix COMMAND --help   its flags
  steadymix --version

Ctrl-C or SIGTERM ends a command and everything that it started; a second one ends it at once.
Exit codes: 0 success, 1 the command's result is bad, 2 wrong usage or an error.`;
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(128 + constants.signals[signal]);
    stop.abort(signal);
  });
// The end of a reader, such as `head`, ends no broadcast.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const code = await main(process.argv.slice(2), {
  env: process.env,
  print: (line) => process.stdout.write(`${line}\n`),
  warn: (line) => process.stderr.write(`${line}\n`),
  stop: stop.signal,
});
// What is still pending ends with the process, once its output is written.
process.stdout.write("", () => process.exit(code));
