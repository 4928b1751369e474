import type { SteadymixEvent } from "steadymix";
import type { AgoraClient } from "steadymix/viewer";
import type { Station } from "./demo/station.ts";

/** A channel to watch: Agora's or the demonstration's. */
export interface Watchable {
  client: AgoraClient;
  /** Called once the viewer is attached. */
  join(): Promise<void>;
  /** Adds the listener for audio that the browser blocked. */
  onAutoplayFailed(listener: () => void): void;
  /** From 0 to 100. Applies to all outputs, and to tracks that they publish later. */
  setVolume(volume: number): void;
  leave(): Promise<void>;
  /** The controls of the demonstration in this page. */
  station?: Station;
  /** Sets the listener for the server's events, in the demonstration in this page. */
  onServerEvent?: (listener: (event: SteadymixEvent) => void) => void;
}
