import type { SteadymixEvent } from "steadymix";
import type { Watchable } from "../watchable.ts";
import { Station } from "./station.ts";

/** The demonstration, to be watched as a channel of Agora would be. */
export async function startDemo(fps: number): Promise<Watchable> {
  let tell: (event: SteadymixEvent) => void = () => {};
  const station = await Station.start({ fps, onEvent: (event) => tell(event) });
  const { channel } = station;
  return {
    client: channel,
    station,
    join: async () => {},
    onAutoplayFailed: (listener) => {
      channel.onAutoplayFailed = listener;
    },
    setVolume: (volume) => {
      for (const user of channel.remoteUsers) user.audioTrack?.setVolume(volume);
    },
    onServerEvent: (listener) => {
      tell = listener;
    },
    leave: async () => station.close(),
  };
}
