import type { SteadymixEvent } from "steadymix";
import type { StandInBroadcast } from "../broadcast.ts";
import { keepVolume } from "../volume.ts";
import type { Watchable } from "../watchable.ts";
import type { Channel } from "./channel.ts";
import { Follower } from "./follower.ts";

/** The demonstration that is all in this page, to be watched as a channel of Agora would be. */
export async function startDemo(fps: number): Promise<Watchable> {
  let tell: (event: SteadymixEvent) => void = () => {};
  // Only here: it brings the emulated service with it.
  const { Station } = await import("./station.ts");
  const station = new Station({ fps, onEvent: (event) => tell(event) });
  return {
    ...watchableOf(station.channel),
    station,
    onServerEvent: (listener) => {
      tell = listener;
    },
    leave: async () => station.close(),
  };
}

/** A broadcast of the Worker's demonstration. */
export function followStandIn(broadcast: StandInBroadcast): Watchable {
  const follower = new Follower(broadcast);
  return { ...watchableOf(follower.channel), leave: async () => follower.close() };
}

function watchableOf(channel: Channel): Omit<Watchable, "leave"> {
  return {
    client: channel,
    join: async () => {},
    onAutoplayFailed: (listener) => {
      channel.onAutoplayFailed = listener;
    },
    setVolume: keepVolume(channel),
  };
}
