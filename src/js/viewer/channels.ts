import { check, LIST, type Rules, uids as uidsRule, wrong } from "./check.js";
import { type RtcSource, SOURCE } from "./source.js";
import type { Kind, Signal, Uid } from "./types.js";

/** The outputs that are in one channel, and the SDK's client that has joined it. */
export interface ChannelSource {
  /** The outputs; each in this channel only. */
  uids: readonly Uid[];
  /** What tells of them: `agoraWeb` or another adapter, with that client. */
  source: RtcSource;
}

/**
 * Outputs in several channels, one client in each, as one source. A channel that is lost while another one is there is
 * as good as gone: what is in it is left. A uid must be in one of the channels only. Throws `INVALID_CONFIG`.
 */
export function acrossChannels(channels: readonly ChannelSource[]): RtcSource {
  return new AcrossChannels(channels);
}

const CHANNELS = { ...LIST, allowed: "an array of channels, at least one" };
const IN_ONE = { ...LIST, allowed: "in one of the channels only" };
const CHANNEL: Rules = { uids: uidsRule(1) };

class AcrossChannels implements RtcSource {
  readonly #channels: readonly ChannelSource[];
  readonly #sources = new Map<Uid, RtcSource>();

  constructor(channels: readonly ChannelSource[]) {
    if (!Array.isArray(channels) || channels.length === 0)
      throw wrong("INVALID_CONFIG", "channels", channels, CHANNELS);
    this.#channels = channels;
    for (const [at, channel] of channels.entries()) {
      const name = `channels[${at}]`;
      check("INVALID_CONFIG", name, channel, CHANNEL);
      const { uids, source } = channel;
      check("INVALID_CONFIG", `${name}.source`, source, SOURCE);
      for (const uid of uids) {
        if (this.#sources.has(uid)) throw wrong("INVALID_CONFIG", `${name}.uids`, uid, IN_ONE);
        this.#sources.set(uid, source);
      }
    }
  }

  attach(tell: (signal: Signal) => void): () => void {
    // Of each channel: what concerns all outputs of the viewer only holds when it is so in every channel.
    const connections = this.#channels.map(() => "reconnecting");
    const whole = this.#channels.map(() => true);
    const bad = this.#channels.map(() => false);
    let connection = "";
    let [wasWhole, wasBad] = [true, false];
    const detach = this.#channels.map(({ uids, source }, at) =>
      source.attach((signal) => {
        if (signal.type === "connection") {
          connections[at] = signal.state;
          if (signal.state === "closed") for (const uid of uids) tell({ type: "left", uid, how: "unknown" });
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
        } else {
          tell(signal);
        }
      }),
    );
    return () => callAll(detach);
  }

  async subscribe(uid: Uid, kind: Kind): Promise<void> {
    await this.#sources.get(uid)?.subscribe(uid, kind);
  }

  async unsubscribe(uid: Uid, kind: Kind): Promise<void> {
    await this.#sources.get(uid)?.unsubscribe(uid, kind);
  }

  /** Each of them: those that do not have it lower and silence their own. */
  show(uid: Uid): void {
    callAll(this.#channels.map(({ source }) => source.show.bind(source, uid)));
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
