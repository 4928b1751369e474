import { TokenBucket } from "../blocks.js";
import { isSteadymixError } from "../errors.js";
import type { Quota } from "../types.js";
import type { AppQuota } from "./appQuota.js";
import type { Broadcast } from "./broadcast.js";
import { checkBindings } from "./objects.js";
import { Rejection } from "./rejection.js";
import type { Relay } from "./relay.js";

/** The Worker's bindings. Those marked as secret belong in Worker secrets, never in the configuration file. */
export interface SteadymixEnv {
  /** The class `Broadcast`. */
  BROADCAST: DurableObjectNamespace<Broadcast>;
  /** The class `AppQuota`. */
  APP_QUOTA: DurableObjectNamespace<AppQuota>;
  /** The class `Relay`. */
  RELAY: DurableObjectNamespace<Relay>;
  /** The App ID of the project. */
  AGORA_APP_ID: string;
  /** Secret. The customer ID for the service's RESTful API. */
  AGORA_CUSTOMER_ID: string;
  /** Secret. The customer secret for the service's RESTful API. */
  AGORA_CUSTOMER_SECRET: string;
  /** Secret. Verifies the signatures of notifications. Several during a rotation, separated by spaces. */
  AGORA_NOTIFICATION_SECRET?: string;
  /** Secret. If set, each launch gets new RTC tokens. It and the App ID must be 32 hexadecimal digits each. */
  AGORA_APP_CERTIFICATE?: string;
  /** A service binding that receives the calls instead of the network, such as an emulator. */
  AGORA_SERVICE?: Fetcher;
  /** Secret. The bearer keys of operators: 16 characters or more each, separated by spaces. */
  OPERATOR_KEYS?: string;
  /** Secret. Keys for viewer tokens: 32 characters or more each, separated by spaces. The first one signs, all verify. */
  VIEWER_KEYS?: string;
  /** Origins other than the Worker's own whose pages may use the routes: `https://…`, separated by spaces. */
  ALLOWED_ORIGINS?: string;
  /**
   * The App ID's limits. `callsPerSecond`: 1 to 10000, default 7, or a tenth of `pcw` if that is less, but at least 1.
   * `burst`: 2 to 10000, default 2. `pcw`: 1 to 1000000, default 5, which is that of a new project for HD outputs outside
   * Asia. If a limit is invalid, operators' requests are refused; broadcasts on air continue with the defaults.
   */
  QUOTA?: Quota;
}

/** The secrets that hold keys, with the minimum length of a key: a shorter one can be guessed. */
export const MIN_KEY_CHARS = { OPERATOR_KEYS: 16, VIEWER_KEYS: 32, AGORA_NOTIFICATION_SECRET: 1 } as const;

const HEX = /^[0-9a-f]{32}$/i;
const REQUIRED = ["AGORA_APP_ID", "AGORA_CUSTOMER_ID", "AGORA_CUSTOMER_SECRET"] as const;

/** One call a second less than the default of a single process, because the latencies of many objects vary more. */
const LIMITS: Required<Quota> = { callsPerSecond: 7, burst: 2, pcw: 5 };

/** `QUOTA` with defaults filled in. Throws `MISCONFIGURED`. */
export function limitsOf({ QUOTA = {} }: SteadymixEnv): Required<Quota> {
  const limits = withDefaults(QUOTA);
  try {
    new TokenBucket(limits, 0).free();
  } catch (error) {
    if (!isSteadymixError(error)) throw error;
    const named = (text = "") => text.replace(/^quota/, "QUOTA");
    const { field, value = "", allowed = "" } = error;
    throw new Rejection("MISCONFIGURED", named(error.message), { field: named(field), value, allowed });
  }
  return limits;
}

function withDefaults(quota: Quota): Required<Quota> {
  // Spreading would turn any value into an object; the check that follows names this one.
  if (typeof quota !== "object" || quota === null || Array.isArray(quota)) return quota as Required<Quota>;
  const given: Quota = Object.fromEntries(Object.entries(quota).filter(([, limit]) => limit != null));
  return { ...LIMITS, ...rateOf(given.pcw), ...given };
}

/** `QUOTA` with defaults filled in; all defaults if it is invalid, because running broadcasts must continue. */
export function usableLimits(env: SteadymixEnv): Required<Quota> {
  try {
    return limitsOf(env);
  } catch (error) {
    console.error("steadymix: QUOTA is invalid, using the defaults:", error);
    return LIMITS;
  }
}

/** The service allows a tenth of the PCW in calls a second. */
function rateOf(pcw = Number.NaN): Quota {
  const callsPerSecond = Math.max(1, Math.floor(pcw / 10));
  return callsPerSecond < LIMITS.callsPerSecond ? { callsPerSecond } : {};
}

/** The keys of a secret; the first one signs. Throws `MISCONFIGURED` if there is none, or one is too short. */
export function keysOf(env: SteadymixEnv, field: keyof typeof MIN_KEY_CHARS): [first: string, ...others: string[]] {
  const [first, ...others] = splitAtSpaces(env[field]);
  const min = MIN_KEY_CHARS[field];
  const allowed = `a secret: keys of ${min === 1 ? "any length" : `${min} characters or more each`}, separated by spaces`;
  const value = first === undefined ? "not set" : "too short";
  if (first === undefined || [first, ...others].some(({ length }) => length < min))
    throw new Rejection("MISCONFIGURED", `${field} is ${value}, but must be ${allowed}`, { field, value, allowed });
  return [first, ...others];
}

/** Throws `MISCONFIGURED` if a setting that operators' routes need is missing, or any setting is invalid. */
export function checkEnvironment(env: SteadymixEnv): void {
  checkBindings(env);
  keysOf(env, "OPERATOR_KEYS");
  if (splitAtSpaces(env.VIEWER_KEYS).length > 0) keysOf(env, "VIEWER_KEYS");
  const missing = REQUIRED.find((name) => !env[name]);
  if (missing) {
    const [value, allowed] = ["not set", "set to its value in Agora's console"];
    const message = `${missing} is ${value}, but must be ${allowed}`;
    throw new Rejection("MISCONFIGURED", message, { field: missing, value, allowed });
  }
  limitsOf(env);
  const origin = splitAtSpaces(env.ALLOWED_ORIGINS).find((origin) => !isOrigin(origin));
  if (origin !== undefined) {
    const [field, allowed] = [
      "ALLOWED_ORIGINS",
      "origins as browsers send them, https://show.example, separated by spaces",
    ];
    throw new Rejection("MISCONFIGURED", `${field} has ${origin}, but must be ${allowed}`, {
      field,
      value: origin,
      allowed,
    });
  }
  if (!env.AGORA_APP_CERTIFICATE) return;
  // The message does not quote the value: one of them is a secret.
  const field = (["AGORA_APP_ID", "AGORA_APP_CERTIFICATE"] as const).find((name) => !HEX.test(env[name] ?? ""));
  if (!field) return;
  const allowed = "32 hexadecimal digits, to make RTC tokens";
  throw new Rejection("MISCONFIGURED", `${field} must be ${allowed}`, { field, allowed });
}

function isOrigin(text: string): boolean {
  return URL.parse(text)?.origin === text;
}

/** Splits a list of secrets or origins at white space, which no secret contains. */
export function splitAtSpaces(text: string | undefined): string[] {
  return (text ?? "").split(/[ \t\r\n]+/).filter((part) => part !== "");
}
