/** Keeps an Agora Cloud Transcoding broadcast on air. */

export {
  DomainLadder,
  estimateQuota,
  interpret,
  parseNotice,
  RetryPolicy,
  TokenBucket,
  UidRing,
  validateTask,
  verifyNotice,
} from "./blocks.js";
export type { NoticeHeaders } from "./driven.js";
export { type ErrorCode, isSteadymixError, type SteadymixError } from "./errors.js";
export type { Fetch, FetchOptions, MinimalFetch, MinimalResponse, Signal } from "./platform.js";
export { RedundancyGroup } from "./redundancy.js";
export { Supervisor } from "./supervisor.js";
export type * from "./types.js";
