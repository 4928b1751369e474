import { check, optional, type Rule, type Rules, TEXT, uids as uidsRule, wrong } from "./check.js";
import { attached, type RtcSource, SOURCE } from "./source.js";
import { checkSignal } from "./tables.js";
import type { Kind, Signal, Uid } from "./types.js";

/** The outputs in one channel, and the source for that channel. */
export interface ChannelSource {
  /** The outputs in this channel. */
  uids: readonly Uid[];
  /** The channel's name. Needed if the same uid is in another channel, too. */
  channel?: string;
  /** An adapter such as `agoraWeb`, with the client that joins this channel. */
  source: RtcSource;
}

/** An output in one of several channels. */
export interface ChannelOutput {
  /** Its id in the viewer: its uid, or another number if an earlier channel has the same uid. */
  id: Uid;
  /** Its uid in its channel. */
  uid: Uid;
  /** Its channel's name, if there is one. */
  channel: string | undefined;
}

/** Outputs in several channels, combined into one source. */
export interface ChannelsSource extends RtcSource {
  /** All outputs, in the order of the channels. For the viewer: `uids: source.outputs.map(({ id }) => id)`. */
  readonly outputs: readonly ChannelOutput[];
  /** The id of the output that is on air: `viewer.handle({ type: "onAir", uid: source.idOf(onAir) })`. */
  idOf(onAir: { uid: Uid; channel?: string }): Uid;
}

/**
 * Combines several channels, each with a client of its own, into one source. If one channel's connection is closed while another
 * is open, its outputs count as having left. A uid may be in several channels if all of these have names. Throws `INVALID_OPTIONS`.
 */
export function acrossChannels(channels: readonly ChannelSource[]): ChannelsSource {
  return new AcrossChannels(channels);
}

const CHANNELS: Rules = {
  channels: {
    is: (value) => Array.isArray(value) && value.length > 0,
    allowed: "a non-empty array",
  },
};
const TWICE = { allowed: "in one channel only, unless each has a `channel` of its own" };
const CHANNEL: Required<{ readonly [Field in keyof ChannelSource]: Rule }> = {
  uids: uidsRule(1),
  channel: optional(TEXT),
  // Checked by `SOURCE`.
  source: { is: () => true, allowed: "" },
};
/** The uid of no output. */
const NONE = 0;

class AcrossChannels implements ChannelsSource {
  readonly outputs: ChannelOutput[] = [];
  readonly #channels: readonly ChannelSource[];
  /** The position of each output's channel. */
  readonly #places: number[] = [];

  constructor(channels: readonly ChannelSource[]) {
    check("INVALID_OPTIONS", "", { channels }, CHANNELS);
    this.#channels = channels;
    for (const [at, channel] of channels.entries()) {
      const name = `channels[${at}]`;
      check("INVALID_OPTIONS", name, channel, CHANNEL, true);
      const { uids, source, channel: own } = channel;
      check("INVALID_OPTIONS", `${name}.source`, source, SOURCE);
      for (const uid of uids) {
        const namesakes = this.outputs.filter((output) => output.uid === uid);
        if (namesakes.some(({ channel: other }) => !own || !other || own === other))
          throw wrong("INVALID_OPTIONS", `${name}.uids`, uid, TWICE);
        this.outputs.push({ id: namesakes.length > 0 ? this.#free() : uid, uid, channel: own });
        this.#places.push(at);
      }
    }
  }

  /** An id that no output has. */
  #free(): Uid {
    let id = 2 ** 32;
    do id -= 1;
    while (this.#channels.some(({ uids }) => uids?.includes(id)) || this.outputs.some((output) => output.id === id));
    return id;
  }

  idOf({ uid, channel }: { uid: Uid; channel?: string }): Uid {
    const is = (output: ChannelOutput) => output.uid === uid && (output.channel ?? channel) === channel;
    return this.outputs.find(is)?.id ?? uid;
  }

  #idAt(at: number, uid: Uid): Uid | undefined {
    return this.outputs.find((output, i) => output.uid === uid && this.#places[i] === at)?.id;
  }

  /** The position of this output's channel, and the output's uid in it. */
  #of(id: Uid): [at: number | undefined, uid: Uid] {
    const i = this.outputs.findIndex((output) => output.id === id);
    return [this.#places[i], this.outputs[i]?.uid ?? id];
  }

  attach(emit: (signal: Signal) => void): () => void {
    // Only a problem that all channels report is one of the viewer's own network.
    const connections = this.#channels.map(() => "reconnecting");
    const connected = this.#channels.map(() => true);
    const poor = this.#channels.map(() => false);
    let connection = "";
    let [wasConnected, wasPoor] = [true, false];
    const detach: (() => void)[] = [];
    const attachTo = ({ uids, source }: ChannelSource, at: number) =>
      attached(source, (signal) => {
        checkSignal(signal);
        if (signal.type === "connection") {
          connections[at] = signal.state;
          if (signal.state === "closed")
            for (const uid of uids) emit({ type: "left", uid: this.#idAt(at, uid) ?? uid, reason: "unknown" });
          const isClosed = connections.every((state) => state === "closed");
          const now = connections.includes("connected") ? "connected" : isClosed ? "closed" : "reconnecting";
          if (now !== connection) emit({ type: "connection", state: now });
          connection = now;
        } else if (signal.type === "mediaConnection") {
          connected[at] = signal.connected;
          const isConnected = connected.includes(true);
          if (isConnected !== wasConnected) emit({ type: "mediaConnection", connected: isConnected });
          wasConnected = isConnected;
        } else if (signal.type === "network") {
          poor[at] = signal.poor;
          const isPoor = !poor.includes(false);
          if (isPoor !== wasPoor) emit({ type: "network", poor: isPoor });
          wasPoor = isPoor;
        } else if ("uid" in signal) {
          const id = this.#idAt(at, signal.uid);
          // Other users of this channel may have the uid of an output in another channel.
          if (id !== undefined) emit({ ...signal, uid: id });
        } else {
          emit(signal);
        }
      });
    try {
      for (const [at, channel] of this.#channels.entries()) detach.push(attachTo(channel, at));
    } catch (error) {
      // Detach the channels before the one that failed.
      callAll(detach);
      throw error;
    }
    return () => callAll(detach);
  }

  async subscribe(id: Uid, kind: Kind): Promise<void> {
    const [at = -1, uid] = this.#of(id);
    await this.#channels[at]?.source.subscribe(uid, kind);
  }

  async unsubscribe(id: Uid, kind: Kind): Promise<void> {
    const [at = -1, uid] = this.#of(id);
    await this.#channels[at]?.source.unsubscribe(uid, kind);
  }

  /** Calls every source: those of the other channels hide and mute their outputs. */
  show(id: Uid): void {
    const [owner, uid] = this.#of(id);
    const shown = (at: number) => (at !== owner && this.#idAt(at, uid) ? NONE : uid);
    callAll(this.#channels.map(({ source }, at) => source.show.bind(source, shown(at))));
  }

  async pollStats(): Promise<void> {
    await Promise.all(this.#channels.map(async ({ source }) => source.pollStats?.()));
  }
}

/** Calls all functions, even if one throws. */
function callAll([first, ...others]: (() => void)[]): void {
  try {
    first?.();
  } finally {
    if (others.length > 0) callAll(others);
  }
}
