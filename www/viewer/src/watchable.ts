import type { SteadymixEvent } from "steadymix";
import type { AgoraClient } from "steadymix/viewer";
import type { Station } from "./demo/station.ts";

/** A channel to watch: Agora's, or the demonstration's. */
export interface Watchable {
  client: AgoraClient;
  /** Called once the viewer listens. */
  join(): Promise<void>;
  /** The browser did not let the sound be played. */
  onAutoplayFailed(listener: () => void): void;
  /** From 0 to 100, of all outputs, and of what they publish later. */
  setVolume(volume: number): void;
  leave(): Promise<void>;
  /** What an experimenter can do, in the demonstration. */
  station?: Station;
  /** What happens on the server's side, in the demonstration. */
  onServerEvent?: (listener: (event: SteadymixEvent) => void) => void;
}
