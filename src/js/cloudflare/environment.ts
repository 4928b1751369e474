import { TokenBucket } from "../blocks.js";
import { isSteadymixError } from "../errors.js";
import type { Quota } from "../types.js";
import type { AppQuota } from "./appQuota.js";
import type { Broadcast } from "./broadcast.js";
import { checkBindings } from "./objects.js";
import { Rejection } from "./rejection.js";
import type { Relay } from "./relay.js";

/** What the Worker's configuration binds. Those called secrets belong into Worker secrets, never into the file. */
export interface SteadymixEnv {
  /** The class `Broadcast`. */
  BROADCAST: DurableObjectNamespace<Broadcast>;
  /** The class `AppQuota`. */
  APP_QUOTA: DurableObjectNamespace<AppQuota>;
  /** The class `Relay`. */
  RELAY: DurableObjectNamespace<Relay>;
  /** The project. */
  AGORA_APP_ID: string;
  /** Secret. Of the service's RESTful API. */
  AGORA_CUSTOMER_ID: string;
  /** Secret. Of the service's RESTful API. */
  AGORA_CUSTOMER_SECRET: string;
  /** Secret. What notifications are signed with; several, separated by spaces, while it is being changed. */
  AGORA_NOTIFICATION_SECRET?: string;
  /** Secret. With it, RTC tokens are made for each launch. It and the App ID have 32 hexadecimal digits then. */
  AGORA_APP_CERTIFICATE?: string;
  /** A service binding that takes the calls in the place of the network, as a stand-in of the service does. */
  AGORA_SERVICE?: Fetcher;
  /** Secret. What operators show as bearer: 16 characters or more each; several are separated by spaces. */
  OPERATOR_KEYS?: string;
  /** Secret. What viewer tokens are signed with: 32 characters or more each; the first signs, all are good. */
  VIEWER_KEYS?: string;
  /** The origins whose pages may use the routes, besides the Worker's own: `https://…`, separated by spaces. */
  ALLOWED_ORIGINS?: string;
  /**
   * The App ID's limits: 1 to 10000 calls a second (default 7; a tenth of `pcw` if that is less, but at least 1), a burst of
   * 2 to 10000 (2), a PCW of 1 to 1000000 (5, a new project's for HD outputs outside Asia). What is not allowed is refused to
   * operators, while those who are on air go on with the defaults.
   */
  QUOTA?: Quota;
}

/** The secrets with keys, and of how many characters each key is at least: one that is shorter can be guessed. */
export const KEY_CHARS = { OPERATOR_KEYS: 16, VIEWER_KEYS: 32, AGORA_NOTIFICATION_SECRET: 1 } as const;

const HEX = /^[0-9a-f]{32}$/i;
const NEEDED = ["AGORA_APP_ID", "AGORA_CUSTOMER_ID", "AGORA_CUSTOMER_SECRET"] as const;

/** A call a second less than a process takes that is alone: the ways to the service of many objects vary more. */
const LIMITS: Required<Quota> = { callsPerSecond: 7, burst: 2, pcw: 5 };

/** `QUOTA`, with the defaults for what is left out there. Throws `MISCONFIGURED`. */
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
  // What is no object would be spread into one: the check that follows names it.
  if (typeof quota !== "object" || quota === null || Array.isArray(quota)) return quota as Required<Quota>;
  const given: Quota = Object.fromEntries(Object.entries(quota).filter(([, limit]) => limit != null));
  return { ...LIMITS, ...rateOf(given.pcw), ...given };
}

/** The same where something must go on: instead of limits that are not allowed, the defaults. */
export function usableLimits(env: SteadymixEnv): Required<Quota> {
  try {
    return limitsOf(env);
  } catch (error) {
    console.error("steadymix: the limits are the defaults:", error);
    return LIMITS;
  }
}

/** What a small PCW leaves: a request a second for each ten tasks. */
function rateOf(pcw = Number.NaN): Quota {
  const callsPerSecond = Math.max(1, Math.floor(pcw / 10));
  return callsPerSecond < LIMITS.callsPerSecond ? { callsPerSecond } : {};
}

/** The keys of a secret, the first of which signs. Throws `MISCONFIGURED` if there is none, or one that can be guessed. */
export function keysOf(env: SteadymixEnv, field: keyof typeof KEY_CHARS): [first: string, ...others: string[]] {
  const [first, ...others] = words(env[field]);
  const least = KEY_CHARS[field];
  const allowed = `a secret: keys of ${least === 1 ? "any length" : `${least} characters or more each`}, separated by spaces`;
  const value = first === undefined ? "not set" : "too short";
  if (first === undefined || [first, ...others].some(({ length }) => length < least))
    throw new Rejection("MISCONFIGURED", `${field} is ${value}, but must be ${allowed}`, { field, value, allowed });
  return [first, ...others];
}

/** Throws `MISCONFIGURED` unless what operators' routes need is there, and all that there is is right. */
export function checkEnvironment(env: SteadymixEnv): void {
  checkBindings(env);
  keysOf(env, "OPERATOR_KEYS");
  if (words(env.VIEWER_KEYS).length > 0) keysOf(env, "VIEWER_KEYS");
  const missing = NEEDED.find((name) => !env[name]);
  if (missing) {
    const [value, allowed] = ["not set", "what Agora's console says"];
    const message = `${missing} is ${value}, but must be ${allowed}`;
    throw new Rejection("MISCONFIGURED", message, { field: missing, value, allowed });
  }
  limitsOf(env);
  const origin = words(env.ALLOWED_ORIGINS).find((origin) => !isOrigin(origin));
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
  // Of anything else no token can be made. What it is is not said: one of them is a secret.
  const field = (["AGORA_APP_ID", "AGORA_APP_CERTIFICATE"] as const).find((name) => !HEX.test(env[name] ?? ""));
  if (!field) return;
  const allowed = "32 hexadecimal digits, to make RTC tokens";
  throw new Rejection("MISCONFIGURED", `${field} must be ${allowed}`, { field, allowed });
}

function isOrigin(text: string): boolean {
  return URL.parse(text)?.origin === text;
}

/** A list of secrets or origins, separated by spaces: all else may be a part of a secret. A file's line ends are not. */
export function words(text: string | undefined): string[] {
  return (text ?? "").split(/[ \t\r\n]+/).filter((word) => word !== "");
}
