/** Keeps broadcasts on air in Cloudflare Workers, with Durable Objects. */
export type { Answer, ErrorBody } from "./answer.js";
export { AppQuota, type QuotaStatus } from "./appQuota.js";
export type { OnAirWord, ViewerReport } from "./audience.js";
export { Broadcast, type BroadcastConfig } from "./broadcast.js";
export type { BroadcastEntry } from "./broadcastList.js";
export type { BroadcastOptions } from "./broadcastOptions.js";
export type { BroadcastState, BroadcastStatus } from "./broadcastStatus.js";
export type { SteadymixEnv } from "./environment.js";
export { handler } from "./handler.js";
export type { NoticeSignatures } from "./notices.js";
export { Relay } from "./relay.js";
export { rtcTokens } from "./rtcTokens.js";
export type { StoredEvent } from "./store.js";
export { signViewerToken, type ViewerToken } from "./viewerTokens.js";
