import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ErrorBody, RouteErrorCode } from "./routes.js";

/** The HTTP status of each error. */
export const REJECTION_STATUS = {
  INVALID_OPTIONS: 400,
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
  ENDED: 409,
  PCW_REACHED: 409,
  BODY_TOO_LARGE: 413,
  UPGRADE_NEEDED: 426,
  TOO_MANY_CONNECTIONS: 429,
  INTERNAL: 500,
  MISCONFIGURED: 503,
  QUOTA_UNAVAILABLE: 503,
} as const satisfies Record<RouteErrorCode, ContentfulStatusCode>;

/** A request that is refused, with the error to answer. */
export class Rejection extends Error {
  readonly body: ErrorBody<RouteErrorCode>;

  constructor(code: RouteErrorCode, message: string, more: Omit<ErrorBody, "code" | "message"> = {}) {
    super(message);
    this.body = { code, message, ...more };
  }

  /** The rejection for an object's refusal. A code that no route has becomes `INTERNAL`. */
  static of({ code, message, ...more }: ErrorBody): Rejection {
    return new Rejection(Object.hasOwn(REJECTION_STATUS, code) ? (code as RouteErrorCode) : "INTERNAL", message, more);
  }

  get headers(): Record<string, string> {
    const { code, allowed } = this.body;
    return code === "METHOD_NOT_ALLOWED" && allowed !== undefined ? { allow: allowed } : {};
  }

  get status(): ContentfulStatusCode {
    return REJECTION_STATUS[this.body.code];
  }
}
