/** The settings and secrets of the server, from the environment and a file. */
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

const REQUIRED = ["AGORA_APP_ID", "AGORA_CUSTOMER_ID", "AGORA_CUSTOMER_SECRET", "OPERATOR_KEYS"] as const;

/** The Worker's settings that are strings, secrets included. */
export const SETTINGS = [
  ...REQUIRED,
  "AGORA_APP_CERTIFICATE",
  "AGORA_NOTIFICATION_SECRET",
  "VIEWER_KEYS",
  "ALLOWED_ORIGINS",
] as const;

/** These protect nothing: the emulator answers instead of the service. */
const DEMONSTRATION = {
  AGORA_APP_ID: "0123456789abcdef0123456789abcdef",
  AGORA_CUSTOMER_ID: "demonstration",
  AGORA_CUSTOMER_SECRET: "demonstration",
  AGORA_NOTIFICATION_SECRET: "demonstration-notification-secret",
  AGORA_APP_CERTIFICATE: "0123456789abcdef0123456789abcdef",
};
const DEMONSTRATION_KEYS = {
  OPERATOR_KEYS: "demonstration-key",
  VIEWER_KEYS: "demonstration-viewer-key-0123456789",
};
const DEMONSTRATION_QUOTA = JSON.stringify({ callsPerSecond: 7, burst: 2, pcw: 30 });

export interface Environment {
  settings: Partial<Record<(typeof SETTINGS)[number], string>> & { AGORA_APP_ID: string };
  /** `QUOTA`, as JSON. */
  quota: string | undefined;
  /** With the emulator and without `OPERATOR_KEYS`: a key that is no secret. */
  demonstrationKey: string | undefined;
}

/**
 * Reads the settings. Variables of the environment win over those of the file. With the emulator, values for the service are
 * ignored, so that no real secret reaches it. Throws an error that names what is missing.
 */
export function readEnvironment(
  env: NodeJS.ProcessEnv,
  envFile: string | undefined,
  hasEmulator: boolean,
  allowedOrigins: string[],
): Environment {
  const given = { ...(envFile === undefined ? {} : readEnvFile(envFile)), ...definedIn(env) };
  const all = hasEmulator ? { ...DEMONSTRATION_KEYS, ...given, ...DEMONSTRATION } : given;
  const missing = REQUIRED.filter((name) => !all[name]);
  if (missing.length > 0)
    throw new Error(
      `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not set: set ${missing.length === 1 ? "it" : "them"} in the ` +
        "environment or in the file of --env-file, or try the server with --emulator",
    );
  const origins = [all.ALLOWED_ORIGINS, ...allowedOrigins].filter(Boolean).join(" ");
  const named = SETTINGS.flatMap((name) => (all[name] ? [[name, all[name]] as const] : []));
  const settings = { ...Object.fromEntries(named), ALLOWED_ORIGINS: origins, AGORA_APP_ID: all.AGORA_APP_ID ?? "" };
  // It names a folder.
  if (!/^[\w-]{1,64}$/.test(settings.AGORA_APP_ID))
    throw new Error(
      `AGORA_APP_ID is ${JSON.stringify(settings.AGORA_APP_ID)}, but must be an App ID: 1 to 64 letters, digits, - and _`,
    );
  return {
    settings,
    quota: all.QUOTA === undefined ? (hasEmulator ? DEMONSTRATION_QUOTA : undefined) : jsonOf("QUOTA", all.QUOTA),
    demonstrationKey: hasEmulator && given.OPERATOR_KEYS === undefined ? DEMONSTRATION_KEYS.OPERATOR_KEYS : undefined,
  };
}

function readEnvFile(file: string): Record<string, string | undefined> {
  try {
    return definedIn(parseEnv(readFileSync(file, "utf8")));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`--env-file is ${JSON.stringify(file)}, but must be a file with lines NAME=value (${why})`);
  }
}

/** An empty variable counts as not set. */
function definedIn(env: NodeJS.Dict<string>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value));
}

/** The text again, as JSON on one line. */
function jsonOf(name: string, text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    throw new Error(`${name} is ${JSON.stringify(text)}, but must be JSON: {"callsPerSecond":7,"burst":2,"pcw":30}`);
  }
}
