/** Reads flags. Errors name the flag, its value and what is allowed. */
import { readFileSync } from "node:fs";
import { type ParseArgsConfig, parseArgs } from "node:util";

/** The command was called wrongly: its help says how. */
export class UsageError extends Error {}

/** As `parseArgs`, without its advice about arguments that begin with a dash. */
export function parse<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(messageOf(error).replace(/\. To specify [\s\S]*/, ""));
  }
}

export function wrong(flag: string, value: string, allowed: string): UsageError {
  return new UsageError(`--${flag} is ${JSON.stringify(value)}, but must be ${allowed}`);
}

/** A number of a range. */
export function number(flag: string, value: string, least: number, most: number): number {
  const parsed = Number(value);
  if (value.trim() !== "" && parsed >= least && parsed <= most) return parsed;
  throw wrong(flag, value, `from ${least} to ${most}`);
}

/** An integer of a range. */
export function integer(flag: string, value: string, least: number, most: number): number {
  if (/^\d+$/.test(value)) return number(flag, value, least, most);
  throw wrong(flag, value, `an integer from ${least} to ${most}`);
}

/** The object in a file with JSON. `name` is of the flag or argument. */
export function jsonObject(name: string, file: string): object {
  const allowed = "a file with a JSON object";
  const text = read(name, file, allowed);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Its message may quote secrets.
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(`${name} is ${JSON.stringify(file)}, but must be ${allowed}`);
}

/**
 * A secret: from the environment variable that `--{name}-env` names, else `standard`, or from the file that `--{name}-file` names.
 * Never from the command line, which other users of the machine can read.
 */
export function secret(
  name: string,
  values: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
  standard?: string,
): string | undefined {
  const [variable, file] = [values[`${name}-env`], values[`${name}-file`]] as (string | undefined)[];
  if (variable !== undefined && file !== undefined)
    throw new UsageError(`--${name}-env and --${name}-file exclude each other`);
  if (file !== undefined) {
    const text = read(`--${name}-file`, file, "a file with the secret").trim();
    if (text === "") throw wrong(`${name}-file`, file, "a file with the secret (it is empty)");
    return text;
  }
  const found = env[variable ?? standard ?? ""] || undefined;
  if (variable !== undefined && found === undefined)
    throw wrong(`${name}-env`, variable, "the name of an environment variable that is set");
  return found;
}

function read(name: string, file: string, allowed: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`${name} is ${JSON.stringify(file)}, but must be ${allowed} (${messageOf(error)})`);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
