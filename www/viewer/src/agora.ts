/** Joins a channel of Agora as audience. The SDK is only loaded when it is needed. */
import type { AgoraBroadcast } from "./broadcast.ts";
import type { Watchable } from "./watchable.ts";

export async function joinAgora(broadcast: AgoraBroadcast): Promise<Watchable> {
  const { default: AgoraRTC } = await import("agora-rtc-sdk-ng");
  if (!AgoraRTC.checkSystemRequirements()) throw new Error("Agora's SDK does not support this browser");
  AgoraRTC.setLogLevel(2);
  const client = AgoraRTC.createClient({ mode: "live", codec: "h264", role: "audience" });
  const { appId, channel, token, uid } = broadcast;
  return {
    client,
    // Attached first, then joined: whoever is there already is told of as well.
    join: async () => {
      await client.join(appId, channel, token, uid || null);
    },
    onAutoplayFailed: (listener) => {
      AgoraRTC.onAutoplayFailed = listener;
    },
    setVolume: (volume) => {
      for (const user of client.remoteUsers) user.audioTrack?.setVolume(volume);
    },
    leave: async () => {
      await client.leave();
    },
  };
}
