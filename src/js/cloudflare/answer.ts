import { isSteadymixError } from "../errors.js";
import type { ErrorBody } from "./routes.js";

/** The answer of a Durable Object's method that can be refused. */
export type Answer<Value> = { ok: true; value: Value } | { ok: false; error: ErrorBody };

export function refused(
  code: string,
  message: string,
  more: Omit<ErrorBody, "code" | "message"> = {},
): { ok: false; error: ErrorBody } {
  return { ok: false, error: { code, message, ...more } };
}

/** Calls `act`. An error of this library becomes an answer; any other is thrown. */
export function answered<Value>(act: () => Value): Answer<Value> {
  try {
    return { ok: true, value: act() };
  } catch (error) {
    if (!isSteadymixError(error)) throw error;
    return refusal(error);
  }
}

export function refusal({ code, message, field, value, allowed }: ErrorBody): { ok: false; error: ErrorBody } {
  return refused(code, message, {
    ...(field === undefined ? {} : { field }),
    ...(value === undefined ? {} : { value }),
    ...(allowed === undefined ? {} : { allowed }),
  });
}
