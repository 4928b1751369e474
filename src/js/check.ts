/**
 * Checks arguments on their way into the WebAssembly, which would take a wrong type for an address. An application's objects may
 * hold credentials: errors quote strings and numbers only, and of a key (`secret`) nothing. `viewer/check.ts` checks by tables of
 * rules instead, for a page that loads nothing of this.
 */
import { type ErrorCode, invalid, isSteadymixError } from "./errors.js";
import { textEncoder } from "./utf8.js";

/** The longest text that is handed to the WebAssembly, which would end where there is no memory for it. */
const MAX_CHARS = 16_777_216;
/** The last ms of the year 9999: what is later is no number of ms, but of µs or ns. */
const LATEST = 253_402_300_799_999;

/** What an error says of a value that is not allowed. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 100 ? `${value.slice(0, 99)}…` : value);
    case "bigint":
      return "a bigint";
    case "symbol":
      return "a symbol";
    case "function":
      return "a function";
    case "object":
      return kindOf(value);
    default:
      return String(value);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  try {
    return Array.isArray(value) ? "an array" : "an object";
  } catch {
    // A proxy that was revoked.
    return "an object";
  }
}

/** A string. */
export function asText(
  name: string,
  value: unknown,
  code: ErrorCode = "INVALID_OPTIONS",
  allowed = "a string",
): string {
  if (typeof value !== "string") throw invalid(code, name, shown(value), allowed);
  return short(name, value, code);
}

/** A string that may be left out. */
export function optionalText(name: string, value: unknown): string | undefined {
  return isNothing(value) ? undefined : asText(name, value, "INVALID_OPTIONS", "a string, or left out");
}

/** Whether an argument was left out. */
export function isNothing(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/**
 * A string that is used as a key: an error does not show it. With half a pair of surrogates it would be another one once it has
 * left as UTF-8, and nothing would know it again.
 */
export function secret(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "" && !/\p{Cs}/u.test(value)) return short(name, value);
  const found = typeof value !== "string" ? typeof value : value === "" ? "empty" : "with half a pair of surrogates";
  throw invalid("INVALID_OPTIONS", name, found, "a non-empty string of whole characters");
}

function short(name: string, text: string, code: ErrorCode = "INVALID_OPTIONS"): string {
  if (text.length <= MAX_CHARS) return text;
  throw invalid(code, name, `${text.length} characters long`, `at most ${MAX_CHARS} characters long`);
}

/** An integer. */
export function integer(name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  throw invalid("INVALID_OPTIONS", name, shown(value), `an integer from ${least} to ${most}`);
}

/** A uid, a lane, or a count, which are of 32 bits. */
export function uint32(name: string, value: unknown): number {
  return integer(name, value, 0, 0xffff_ffff);
}

/** A moment, in ms since the epoch. */
export function instant(name: string, value: unknown): number {
  if (typeof value === "number" && value >= 0 && value <= LATEST) return value;
  throw invalid("INVALID_OPTIONS", name, shown(value), `a number of ms since the epoch, from 0 to ${LATEST}`);
}

/** A duration, in ms. */
export function duration(name: string, value: unknown): number {
  if (typeof value === "number" && value >= 0 && value <= LATEST) return value;
  throw invalid("INVALID_OPTIONS", name, shown(value), `a number of ms, from 0 to ${LATEST}`);
}

/**
 * The JSON text of a value, for the WebAssembly to read and to check. Of what JSON cannot express a description, which is no
 * JSON, and which the error shows then. A number that JSON has no text for is refused by its place: it would be `null` there.
 */
export function asJson(name: string, value: unknown, code: ErrorCode = "INVALID_OPTIONS"): string {
  let text: string | undefined;
  try {
    if (typeof value === "object") text = JSON.stringify(value, finite(name, code));
    else if (typeof value !== "number" || Number.isFinite(value)) text = JSON.stringify(value);
  } catch (error) {
    if (isSteadymixError(error)) throw error;
    // Circular, or with a getter that throws.
  }
  if (text !== undefined) return short(name, text, code);
  return typeof value === "object" ? `${kindOf(value)} that JSON cannot express` : shown(value);
}

/** For `JSON.stringify`: throws at a number that is not finite. */
function finite(name: string, code: ErrorCode) {
  const places = new Map<unknown, string>();
  return function (this: unknown, key: string, value: unknown): unknown {
    const holder = places.get(this);
    const place = holder === undefined ? name : `${holder}${Array.isArray(this) ? `[${key}]` : `.${key}`}`;
    if (typeof value === "number" && !Number.isFinite(value))
      throw invalid(code, place, String(value), "a finite number");
    if (typeof value === "object") places.set(value, place);
    return value;
  };
}

/** The bytes of a text, or those of any buffer. */
export function bytes(name: string, value: unknown): Uint8Array {
  const found = bytesOf(value);
  if (found && found.length <= MAX_CHARS) return found;
  throw invalid(
    "INVALID_OPTIONS",
    name,
    found ? `${found.length} bytes long` : kindOf(value),
    `a string, a Uint8Array or an ArrayBuffer, at most ${MAX_CHARS} bytes long`,
  );
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value === "string") return textEncoder().encode(value);
  try {
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    // Also one of another realm.
    if (Object.prototype.toString.call(value) === "[object ArrayBuffer]") return new Uint8Array(value as ArrayBuffer);
  } catch {
    // One that was handed to another thread, or a proxy.
  }
  return undefined;
}

/** A member of an object that the application gave; `undefined` where reading it throws. */
export function memberOf(of: unknown, name: string): unknown {
  if ((typeof of !== "object" && typeof of !== "function") || of === null) return undefined;
  try {
    return Reflect.get(of, name);
  } catch {
    return undefined;
  }
}
