/** Joins a channel of Agora as audience. The SDK is only loaded when it is needed. */
import type { AgoraBroadcast } from "./broadcast.ts";
import { keepVolume } from "./volume.ts";
import type { Watchable } from "./watchable.ts";

/** The SDK itself tries for ever. */
const JOIN_MS = 20_000;

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
      try {
        await inTime(client.join(appId, channel, token, uid || null));
      } catch (error) {
        // Or the SDK would go on trying, and perhaps join, behind the page that says why it has not.
        void client.leave().catch(() => {});
        throw error;
      }
    },
    onAutoplayFailed: (listener) => {
      AgoraRTC.onAutoplayFailed = listener;
    },
    setVolume: keepVolume(client),
    leave: async () => {
      await client.leave();
    },
  };
}

function inTime(joined: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`Agora's servers did not answer within ${JOIN_MS / 1000} s`));
    const timer = window.setTimeout(late, JOIN_MS);
    joined.then(() => resolve(), reject).finally(() => window.clearTimeout(timer));
  });
}
