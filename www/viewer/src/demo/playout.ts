/** The media of the demonstration's outputs: each has its own colour and tone. */

import { SAMPLE_LANES } from "steadymix/emulator/scenarios";
import type { Uid } from "steadymix/viewer";
import { onGesture } from "../gesture.ts";
import type { Channel } from "./channel.ts";
import { Studio } from "./studio.ts";

const STYLES: Record<Uid, { hue: number; hertz: number }> = {
  9001: { hue: 212, hertz: 262 },
  9002: { hue: 168, hertz: 294 },
  9101: { hue: 28, hertz: 330 },
  9102: { hue: 326, hertz: 392 },
};

export class Playout {
  readonly #channel: Channel;
  readonly #audio = new AudioContext();
  readonly #fps: number;

  constructor(channel: Channel, fps: number) {
    this.#channel = channel;
    this.#fps = fps;
    onGesture(() => void this.#audio.resume());
  }

  /** An output joins the channel and publishes. */
  publish(uid: Uid): void {
    const lane = SAMPLE_LANES.find(({ uids }) => uids.includes(uid));
    const style = STYLES[uid] ?? { hue: (uid * 47) % 360, hertz: 262 };
    const label = lane ? `${lane.name} · ${uid}` : String(uid);
    this.#channel.join(uid, new Studio({ ...style, label, fps: this.#fps, audio: this.#audio }));
  }

  close(): void {
    void this.#audio.close();
  }
}
