import type { SteadymixEvent } from "steadymix";
import type { EmulatedBroadcast } from "../broadcast.ts";
import { keepVolume } from "../volume.ts";
import type { Watchable } from "../watchable.ts";
import type { Channel } from "./channel.ts";
import { Follower } from "./follower.ts";

/** The demonstration that runs in this page, behind the same interface as an Agora channel. */
export async function startDemo(fps: number): Promise<Watchable> {
  let emit: (event: SteadymixEvent) => void = () => {};
  // Imported on demand: it contains the emulator.
  const { Station } = await import("./station.ts");
  const station = new Station({ fps, onEvent: (event) => emit(event) });
  return {
    ...watchableOf(station.channel),
    station,
    onServerEvent: (listener) => {
      emit = listener;
    },
    leave: async () => station.close(),
  };
}

/** A broadcast of the Worker's demonstration. */
export function followEmulated(broadcast: EmulatedBroadcast): Watchable {
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
