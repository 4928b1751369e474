/** Keeps an Agora Cloud Transcoding broadcast on air. */

export {
  DomainFailover,
  estimateQuota,
  interpret,
  parseNotification,
  RetryPolicy,
  TokenBucket,
  UidRing,
  validateTask,
  verifyNotification,
} from "./blocks.js";
export type { NotificationHeaders } from "./driven.js";
export { type ErrorCode, isSteadymixError, type SteadymixError } from "./errors.js";
export type { Fetch, FetchOptions, MinimalFetch, MinimalResponse, Signal } from "./platform.js";
export { RedundancyGroup } from "./redundancy.js";
export { Supervisor } from "./supervisor.js";
export type * from "./types.js";
