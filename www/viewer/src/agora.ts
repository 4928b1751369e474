/** Joins an Agora channel as audience. Loads the SDK on demand. */
import type { AgoraBroadcast } from "./broadcast.ts";
import { keepVolume } from "./volume.ts";
import type { Watchable } from "./watchable.ts";

/** A limit of this page: the SDK retries forever. */
const JOIN_TIMEOUT_MS = 20_000;

export async function joinAgora(broadcast: AgoraBroadcast): Promise<Watchable> {
  const { default: AgoraRTC } = await import("agora-rtc-sdk-ng");
  if (!AgoraRTC.checkSystemRequirements()) throw new Error("Agora's SDK does not support this browser");
  AgoraRTC.setLogLevel(2);
  const client = AgoraRTC.createClient({ mode: "live", codec: "h264", role: "audience" });
  const { appId, channel, token, uid } = broadcast;
  return {
    client,
    // Called once the viewer is attached. It then also gets the users that are already in the channel.
    join: async () => {
      try {
        await inTime(client.join(appId, channel, token, uid || null));
      } catch (error) {
        // Otherwise the SDK would continue, and might join behind the error page.
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
    const late = () => reject(new Error(`Agora's servers did not answer within ${JOIN_TIMEOUT_MS / 1000} s`));
    const timer = window.setTimeout(late, JOIN_TIMEOUT_MS);
    joined.then(() => resolve(), reject).finally(() => window.clearTimeout(timer));
  });
}
