/** Moves a viewer to a healthy output when the one on screen fails. */

export type { OnAirUpdate } from "../cloudflare/routes.js";
export {
  type AgoraEngine,
  type AgoraEngineHandlers,
  type AgoraNativeOptions,
  agoraNative,
} from "./agoraNative.js";
export {
  type AgoraAudioTrack,
  type AgoraClient,
  type AgoraUser,
  type AgoraVideoTrack,
  type AgoraWebOptions,
  agoraWeb,
} from "./agoraWeb.js";
export { acrossChannels, type ChannelOutput, type ChannelSource, type ChannelsSource } from "./channels.js";
export type { FailoverDurations } from "./durations.js";
export { Failover } from "./failover.js";
export { OnAirFeed, type OnAirFeedOptions } from "./onAirFeed.js";
export type { RtcSource } from "./source.js";
export { Stage, watchFrames } from "./stage.js";
export type * from "./types.js";
export { FailoverViewer, type ViewerOptions } from "./viewer.js";
