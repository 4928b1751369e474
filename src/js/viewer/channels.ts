import { check, optional, type Rule, type Rules, TEXT, uids as uidsRule, wrong } from "./check.js";
import { attached, type RtcSource, SOURCE } from "./source.js";
import { checkSignal } from "./tables.js";
import type { Kind, Signal, Uid } from "./types.js";

/** The outputs that are in one channel, and the SDK's client that has joined it. */
export interface ChannelSource {
  /** The outputs. */
  uids: readonly Uid[];
  /** The channel's name: to be given where the same uid is in another channel, too. */
  channel?: string;
  /** What tells of them: `agoraWeb` or another adapter, with that client. */
  source: RtcSource;
}

/** An output in one of several channels. */
export interface ChannelOutput {
  /** What the viewer calls it: its uid, or, of a uid that is in an earlier channel as well, a number of its own. */
  id: Uid;
  /** Its uid in its channel. */
  uid: Uid;
  /** Its channel's name, where that was given. */
  channel: string | undefined;
}

/** Outputs in several channels, as one source. */
export interface ChannelsSource extends RtcSource {
  /** All of them, those of the first channel first: `uids: source.outputs.map(({ id }) => id)`. */
  readonly outputs: readonly ChannelOutput[];
  /** What the viewer calls the output that is on air: `viewer.tell({ type: "onAir", uid: source.idOf(onAir) })`. */
  idOf(onAir: { uid: Uid; channel?: string }): Uid;
}

/**
 * Outputs in several channels, one client in each, as one source. A channel that is lost while another one is there is
 * as good as gone: what is in it is left. A uid may be in several channels if they have names. Throws `INVALID_CONFIG`.
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
  // That has rules of its own.
  source: { is: () => true, allowed: "" },
};
/** No output has it. */
const NONE = 0;

class AcrossChannels implements ChannelsSource {
  readonly outputs: ChannelOutput[] = [];
  readonly #channels: readonly ChannelSource[];
  /** Of each output: the place of its channel. */
  readonly #places: number[] = [];

  constructor(channels: readonly ChannelSource[]) {
    check("INVALID_CONFIG", "", { channels }, CHANNELS);
    this.#channels = channels;
    for (const [at, channel] of channels.entries()) {
      const name = `channels[${at}]`;
      check("INVALID_CONFIG", name, channel, CHANNEL, true);
      const { uids, source, channel: own } = channel;
      check("INVALID_CONFIG", `${name}.source`, source, SOURCE);
      for (const uid of uids) {
        const namesakes = this.outputs.filter((output) => output.uid === uid);
        if (namesakes.some(({ channel: other }) => !own || !other || own === other))
          throw wrong("INVALID_CONFIG", `${name}.uids`, uid, TWICE);
        this.outputs.push({ id: namesakes.length > 0 ? this.#free() : uid, uid, channel: own });
        this.#places.push(at);
      }
    }
  }

  /** A number that is no output's. */
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

  /** The place of the channel that has this output, and what that calls it. */
  #of(id: Uid): [at: number | undefined, uid: Uid] {
    const i = this.outputs.findIndex((output) => output.id === id);
    return [this.#places[i], this.outputs[i]?.uid ?? id];
  }

  attach(tell: (signal: Signal) => void): () => void {
    // Of each channel: what concerns all outputs of the viewer only holds when it is so in every channel.
    const connections = this.#channels.map(() => "reconnecting");
    const whole = this.#channels.map(() => true);
    const bad = this.#channels.map(() => false);
    let connection = "";
    let [wasWhole, wasBad] = [true, false];
    const detach: (() => void)[] = [];
    const attachTo = ({ uids, source }: ChannelSource, at: number) =>
      attached(source, (signal) => {
        checkSignal(signal);
        if (signal.type === "connection") {
          connections[at] = signal.state;
          if (signal.state === "closed")
            for (const uid of uids) tell({ type: "left", uid: this.#idAt(at, uid) ?? uid, how: "unknown" });
          const isClosed = connections.every((state) => state === "closed");
          const now = connections.includes("connected") ? "connected" : isClosed ? "closed" : "reconnecting";
          if (now !== connection) tell({ type: "connection", state: now });
          connection = now;
        } else if (signal.type === "mediaPath") {
          whole[at] = signal.whole;
          const isWhole = whole.includes(true);
          if (isWhole !== wasWhole) tell({ type: "mediaPath", whole: isWhole });
          wasWhole = isWhole;
        } else if (signal.type === "badNetwork") {
          bad[at] = signal.bad;
          const isBad = !bad.includes(false);
          if (isBad !== wasBad) tell({ type: "badNetwork", bad: isBad });
          wasBad = isBad;
        } else if ("uid" in signal) {
          const id = this.#idAt(at, signal.uid);
          // Others in that channel, who may have the uid of an output in another one.
          if (id !== undefined) tell({ ...signal, uid: id });
        } else {
          tell(signal);
        }
      });
    try {
      for (const [at, channel] of this.#channels.entries()) detach.push(attachTo(channel, at));
    } catch (error) {
      // Those before would go on.
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

  /** Each of them: those that do not have it lower and silence their own. */
  show(id: Uid): void {
    const [owner, uid] = this.#of(id);
    const shown = (at: number) => (at !== owner && this.#idAt(at, uid) ? NONE : uid);
    callAll(this.#channels.map(({ source }, at) => source.show.bind(source, shown(at))));
  }

  /** Each of them, even if another one fails. */
  async look(): Promise<void> {
    await Promise.all(this.#channels.map(async ({ source }) => source.look?.()));
  }
}

/** All of them, though one throws. */
function callAll([first, ...others]: (() => void)[]): void {
  try {
    first?.();
  } finally {
    if (others.length > 0) callAll(others);
  }
}
