import { isSteadymixError } from "../errors.js";
import type { ErrorBody } from "./routes.js";

/** What a method of a Durable Object answers that may be refused. */
export type Answer<Value> = { ok: true; value: Value } | { ok: false; error: ErrorBody };

export function refused(
  code: string,
  message: string,
  more: Omit<ErrorBody, "code" | "message"> = {},
): { ok: false; error: ErrorBody } {
  return { ok: false, error: { code, message, ...more } };
}

/** Does it; an error of this library's becomes an answer. */
export function answered<Value>(act: () => Value): Answer<Value> {
  try {
    return { ok: true, value: act() };
  } catch (error) {
    if (!isSteadymixError(error)) throw error;
    return refusal(error);
  }
}

/** An error of this library's, as an answer. */
export function refusal({ code, message, field, value, allowed }: ErrorBody): { ok: false; error: ErrorBody } {
  return refused(code, message, {
    ...(field === undefined ? {} : { field }),
    ...(value === undefined ? {} : { value }),
    ...(allowed === undefined ? {} : { allowed }),
  });
}
