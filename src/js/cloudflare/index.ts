/** Keeps broadcasts on air in Cloudflare Workers, with Durable Objects. */

export { rtcTokens } from "../rtc-tokens.js";
export type { Answer } from "./answer.js";
export { AppQuota } from "./appQuota.js";
export { Broadcast, type BroadcastStartOptions } from "./broadcast.js";
export type { BroadcastOptions } from "./broadcastOptions.js";
export type { SteadymixEnv } from "./environment.js";
export { handler } from "./handler.js";
export type { NotificationSignatures } from "./notifications.js";
export { Relay } from "./relay.js";
export type * from "./routes.js";
export { signViewerToken } from "./viewerTokens.js";
