/** Keeps an Agora Cloud Transcoding broadcast on air. */
export type { NoticeHeaders } from "./driven.js";
export { type ErrorCode, isSteadymixError, type SteadymixError } from "./errors.js";
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
} from "./glue.js";
export { RedundancyGroup } from "./redundancy.js";
export { Supervisor } from "./supervisor.js";
export type * from "./types.js";
