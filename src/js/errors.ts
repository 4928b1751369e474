/** What went wrong, for programs. */
export type ErrorCode =
  /** A setting is not allowed; `field`, `value` and `allowed` say more. */
  | "INVALID_OPTIONS"
  /** What an adapter, or the application, told a viewer is no signal; `field`, `value` and `allowed` say more. */
  | "INVALID_SIGNAL"
  /** `steadymix/viewer` needs WebAssembly, and there is none: import `steadymix/viewer/no-wasm` before. */
  | "NO_WEBASSEMBLY"
  /** The viewer's WebAssembly module is of another version than the script that loaded it, as when one of them was cached. */
  | "MODULE_MISMATCH"
  /** A payload is not allowed; `field`, `value` and `allowed` say more. */
  | "INVALID_TASK"
  /** A snapshot of something else, of another version, or a damaged one. */
  | "INVALID_SNAPSHOT"
  /** A notification without a signature that fits. */
  | "INVALID_SIGNATURE"
  /** A body that is no notification. */
  | "INVALID_NOTIFICATION"
  /** `rtcToken` gave something other than a text or `null`. */
  | "INVALID_RTC_TOKEN"
  /** `acquirePermit` gave something other than a number of ms. */
  | "INVALID_PERMIT"
  /** `fetch` gave something other than a Response. */
  | "INVALID_RESPONSE"
  /** A callback did not finish in time; the message says which, and what comes of it. */
  | "CALLBACK_TIMEOUT"
  /** The last task on this uid may still be live. */
  | "UID_MAY_BE_LIVE"
  /** `run()` or `advance()` is under way already. */
  | "ALREADY_RUNNING"
  /** It was disposed of. */
  | "DISPOSED";

/** An error of this library. */
export interface SteadymixError extends Error {
  /** Tells it from other errors, wherever it was made. */
  name: "SteadymixError";
  /** For programs; stays what it is. */
  code: ErrorCode;
  /** The path of the field, where a setting or a payload is not allowed. */
  field?: string;
  /** The value that was found there. */
  value?: string;
  /** What is allowed there, with units. */
  allowed?: string;
}

/** Whether an error is one of this library's. */
export function isSteadymixError(error: unknown): error is SteadymixError {
  try {
    return error instanceof Error && error.name === "SteadymixError";
  } catch {
    // A proxy, or a getter that throws.
    return false;
  }
}

/** An error that names the field, the value, and what is allowed. */
export function invalid(code: ErrorCode, field: string, value: string, allowed: string): SteadymixError {
  const error = steadymixError(code, `${field} is ${value}, but must be ${allowed}`);
  return Object.assign(error, { field, value, allowed });
}

/** Makes an error of this library. */
export function steadymixError(code: ErrorCode, message: string): SteadymixError {
  return Object.assign(new Error(message), { name: "SteadymixError" as const, code });
}

/** It was disposed of, or freed. */
export function disposed(): SteadymixError {
  return steadymixError("DISPOSED", "it was disposed of");
}
