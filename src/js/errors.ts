/** The reason of an error, for programs. */
export type ErrorCode =
  /** A setting or argument is invalid: see `field`, `value` and `allowed`. */
  | "INVALID_OPTIONS"
  /** An adapter or the application emitted an invalid signal: see `field`, `value` and `allowed`. */
  | "INVALID_SIGNAL"
  /** `steadymix/viewer` needs WebAssembly, which this runtime lacks: import `steadymix/viewer/no-wasm` first. */
  | "NO_WEBASSEMBLY"
  /** The viewer's WebAssembly module and script are of different versions: one of them may come from a cache. */
  | "MODULE_MISMATCH"
  /** A payload is invalid: see `field`, `value` and `allowed`. */
  | "INVALID_TASK"
  /** A snapshot is damaged, of another version, or not of this class. */
  | "INVALID_SNAPSHOT"
  /** The signature of a notification is missing or wrong. */
  | "INVALID_SIGNATURE"
  /** A body is not a notification. */
  | "INVALID_NOTIFICATION"
  /** `rtcToken` returned neither a string of at most 2048 characters nor `null` or `undefined`. */
  | "INVALID_RTC_TOKEN"
  /** `acquirePermit` did not return a number of ms. */
  | "INVALID_PERMIT"
  /** `fetch` did not return a Response. */
  | "INVALID_RESPONSE"
  /** A callback did not finish in time; the message names it and the consequence. */
  | "CALLBACK_TIMEOUT"
  /** The last task under this uid may still run. */
  | "UID_MAY_BE_LIVE"
  /** `run()` or `advance()` is already in progress. */
  | "ALREADY_RUNNING"
  /** The object was disposed or freed. */
  | "DISPOSED";

/** An error of this library. */
export interface SteadymixError extends Error {
  /** Identifies errors of this library, even of another copy of it. */
  name: "SteadymixError";
  /** For programs; stable. */
  code: ErrorCode;
  /** The path of the invalid field in a setting, argument or payload. */
  field?: string;
  /** The invalid value. */
  value?: string;
  /** The allowed values, with units. */
  allowed?: string;
}

/** Whether an error is a `SteadymixError`. */
export function isSteadymixError(error: unknown): error is SteadymixError {
  try {
    return error instanceof Error && error.name === "SteadymixError";
  } catch {
    // A getter or a proxy threw.
    return false;
  }
}

export function invalid(code: ErrorCode, field: string, value: string, allowed: string): SteadymixError {
  const error = steadymixError(code, `${field} is ${value}, but must be ${allowed}`);
  return Object.assign(error, { field, value, allowed });
}

export function steadymixError(code: ErrorCode, message: string): SteadymixError {
  return Object.assign(new Error(message), { name: "SteadymixError" as const, code });
}

export function disposed(): SteadymixError {
  return steadymixError("DISPOSED", "this object was disposed or freed");
}
