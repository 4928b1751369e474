/**
 * Checks arguments of the WebAssembly, which would use a value of the wrong type as an address. Objects may hold credentials:
 * errors quote only strings and numbers, and never a key (`secret`). Pages that load only the viewer use `viewer/check.ts`.
 */
import { type ErrorCode, invalid, isSteadymixError } from "./errors.js";
import { textEncoder } from "./utf8.js";

/** Longer strings are refused: the WebAssembly aborts when it runs out of memory. */
const MAX_CHARS = 16_777_216;
/** The last ms of the year 9999: a greater number is not in ms, but in µs or ns. */
const LATEST = 253_402_300_799_999;

/** How errors show a value. */
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
    // A revoked proxy.
    return "an object";
  }
}

export function asText(
  name: string,
  value: unknown,
  code: ErrorCode = "INVALID_OPTIONS",
  allowed = "a string",
): string {
  if (typeof value !== "string") throw invalid(code, name, shown(value), allowed);
  return withinLimit(name, value, code);
}

export function optionalText(name: string, value: unknown): string | undefined {
  return isNothing(value) ? undefined : asText(name, value, "INVALID_OPTIONS", "a string, or left out");
}

export function isNothing(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** A key: errors do not quote it. UTF-8 would change an unpaired surrogate, so no signature or redaction would match. */
export function secret(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "" && !/\p{Cs}/u.test(value)) return withinLimit(name, value);
  const found = typeof value !== "string" ? typeof value : value === "" ? "empty" : "with an unpaired surrogate";
  throw invalid("INVALID_OPTIONS", name, found, "a non-empty string without unpaired surrogates");
}

/** One key, or an array of keys during a rotation. A signature by any of them is valid. */
export function secrets(name: string, value: unknown): [string, ...string[]] {
  const given = itemsOf(value);
  if (!given) return [secret(name, value)];
  const [first, ...others] = given.map((one, at) => secret(`${name}[${at}]`, one));
  if (first !== undefined) return [first, ...others];
  throw invalid("INVALID_OPTIONS", name, "an empty array", "a non-empty string, or an array of those");
}

function itemsOf(value: unknown): unknown[] | undefined {
  try {
    return Array.isArray(value) ? [...value] : undefined;
  } catch {
    // A proxy that throws, or is revoked.
    return undefined;
  }
}

function withinLimit(name: string, text: string, code: ErrorCode = "INVALID_OPTIONS"): string {
  if (text.length <= MAX_CHARS) return text;
  throw invalid(code, name, `${text.length} characters long`, `at most ${MAX_CHARS} characters long`);
}

export function integer(name: string, value: unknown, min: number, max: number): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw invalid("INVALID_OPTIONS", name, shown(value), `an integer from ${min} to ${max}`);
}

/** A uid, lane or count. */
export function uint32(name: string, value: unknown): number {
  return integer(name, value, 0, 0xffff_ffff);
}

/** An instant, in ms since the epoch. */
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
 * A value as JSON, which the core parses and checks. A value that JSON cannot express becomes a description, which is not JSON:
 * the core's error shows it. A number that is not finite is refused here, with its path, because JSON would make it `null`.
 */
export function asJson(name: string, value: unknown, code: ErrorCode = "INVALID_OPTIONS"): string {
  let text: string | undefined;
  try {
    if (typeof value === "object") text = JSON.stringify(value, finiteNumbers(name, code));
    else if (typeof value !== "number" || Number.isFinite(value)) text = JSON.stringify(value);
  } catch (error) {
    if (isSteadymixError(error)) throw error;
    // It is circular, or a getter throws.
  }
  if (text !== undefined) return withinLimit(name, text, code);
  return typeof value === "object" ? `${kindOf(value)} that JSON cannot express` : shown(value);
}

/** A replacer for `JSON.stringify` that throws at a number that is not finite. */
function finiteNumbers(name: string, code: ErrorCode) {
  const paths = new Map<unknown, string>();
  return function (this: unknown, key: string, value: unknown): unknown {
    const parent = paths.get(this);
    const path = parent === undefined ? name : `${parent}${Array.isArray(this) ? `[${key}]` : `.${key}`}`;
    if (typeof value === "number" && !Number.isFinite(value))
      throw invalid(code, path, String(value), "a finite number");
    if (typeof value === "object") paths.set(value, path);
    return value;
  };
}

/** The bytes of a string (as UTF-8) or of a buffer. */
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
    // Accepts an ArrayBuffer of another realm.
    if (Object.prototype.toString.call(value) === "[object ArrayBuffer]") return new Uint8Array(value as ArrayBuffer);
  } catch {
    // A detached buffer, or a proxy.
  }
  return undefined;
}

/** A member of an application's object; `undefined` if reading it throws. */
export function memberOf(of: unknown, name: string): unknown {
  if ((typeof of !== "object" && typeof of !== "function") || of === null) return undefined;
  try {
    return Reflect.get(of, name);
  } catch {
    return undefined;
  }
}
