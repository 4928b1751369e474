import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ErrorBody } from "./answer.js";

const STATUS: Record<string, ContentfulStatusCode> = {
  INVALID_CONFIG: 400,
  INVALID_TASK: 400,
  INVALID_BODY: 400,
  INVALID_QUERY: 400,
  INVALID_SIGNATURE: 401,
  UNAUTHORIZED: 401,
  ORIGIN_NOT_ALLOWED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_SLOW: 408,
  ALREADY_STARTED: 409,
  OVER: 409,
  PCW_REACHED: 409,
  BODY_TOO_LARGE: 413,
  UPGRADE_NEEDED: 426,
  TOO_MANY_CONNECTIONS: 429,
  INTERNAL: 500,
  MISCONFIGURED: 503,
  QUOTA_UNAVAILABLE: 503,
};

/** The codes of errors that the routes answer, each with its status. */
export const REJECTION_STATUS: Readonly<Record<string, number>> = STATUS;

/** A request that is not carried out. */
export class Rejection extends Error {
  readonly body: ErrorBody;

  constructor(code: string, message: string, more: Omit<ErrorBody, "code" | "message"> = {}) {
    super(message);
    this.body = { code, message, ...more };
  }

  static of(body: ErrorBody): Rejection {
    const { code, message, ...more } = body;
    return new Rejection(code, message, more);
  }

  /** Beside the body. */
  get headers(): Record<string, string> {
    const { code, allowed } = this.body;
    return code === "METHOD_NOT_ALLOWED" && allowed !== undefined ? { allow: allowed } : {};
  }

  get status(): ContentfulStatusCode {
    return STATUS[this.body.code] ?? 500;
  }
}
