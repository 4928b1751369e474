import { check, FLAG, FUNCTION, optional, type Rules, uids } from "./check.js";
import type { RtcSource } from "./source.js";
import { KINDS, LEFT, STATES } from "./tables.js";
import type { Kind, Signal, Uid } from "./types.js";

/** The handlers of `agora-electron-sdk` and `react-native-agora` 4.x that are used. */
export interface AgoraEngineHandlers {
  /** Somebody is in the channel. */
  onUserJoined(connection: unknown, uid: Uid): void;
  /** Somebody left the channel; `reason` 0: it said goodbye, 1: it timed out, 2: it became audience. */
  onUserOffline(connection: unknown, uid: Uid, reason: number): void;
  /** How somebody's audio is: `state` is its place in `MediaState`, from 0 on; `reason` as in `Signal`. */
  onRemoteAudioStateChanged(connection: unknown, uid: Uid, state: number, reason: number): void;
  /** How somebody's video is: `state` is its place in `MediaState`, from 0 on; `reason` as in `Signal`. */
  onRemoteVideoStateChanged(connection: unknown, uid: Uid, state: number, reason: number): void;
  /** How the viewer's connection is; `state` 3: connected, 5: failed; `reason` 19: its uid is elsewhere. */
  onConnectionStateChanged(connection: unknown, state: number, reason: number): void;
  /** How somebody's video comes in; `receivedBitrate` in kbit/s, 0: not at all. */
  onRemoteVideoStats(connection: unknown, stats: { uid?: Uid; receivedBitrate?: number }): void;
}

/** The part of an `IRtcEngine` that is used. */
export interface AgoraEngine {
  /** Takes the handlers; `false`: it did not. */
  registerEventHandler(handlers: AgoraEngineHandlers): boolean;
  /** Takes them away again. */
  unregisterEventHandler(handlers: AgoraEngineHandlers): boolean;
  /** Subscribes to a video (`mute` is false), or unsubscribes. A result below 0 is an error. */
  muteRemoteVideoStream(uid: Uid, mute: boolean): number;
  /** Subscribes to an audio (`mute` is false), or unsubscribes. A result below 0 is an error. */
  muteRemoteAudioStream(uid: Uid, mute: boolean): number;
  /** How loud somebody is heard: 0 (not at all) or 100. A result below 0 is an error. */
  adjustUserPlaybackSignalVolume(uid: Uid, volume: number): number;
}

/** What is watched of an engine, and how it is shown. */
export interface AgoraNativeOptions {
  /** The outputs that are meant; everybody else in the channel is left alone. */
  uids: readonly Uid[];
  /** Puts the view of this output on top. Keep a view for each output mounted. */
  show: (uid: Uid) => void;
  /** Whether the viewer is in the channel already. */
  joined?: boolean;
}

/** How long after the viewer was connected a `quit` is doubted. */
const DOUBTFUL_MS = 5000;
/** Connection states of the engine, and the reason for which the same uid elsewhere threw us out. */
const DISCONNECTED = 1;
const CONNECTED = 3;
const FAILED = 5;
const SAME_UID = 19;
/** The reasons of a state that the viewer itself has muted, and of one whose sender is gone. */
const LOCAL_MUTED = 3;
const OFFLINE = 7;

const ENGINE: Rules = {
  registerEventHandler: FUNCTION,
  unregisterEventHandler: FUNCTION,
  muteRemoteVideoStream: FUNCTION,
  muteRemoteAudioStream: FUNCTION,
  adjustUserPlaybackSignalVolume: FUNCTION,
};
const OPTIONS: Required<{ readonly [Option in keyof AgoraNativeOptions]: Rules[string] }> = {
  uids: uids(1),
  show: FUNCTION,
  joined: optional(FLAG),
};

/** Agora's native engines, as Electron and React Native see them. Throws `INVALID_CONFIG`. */
export function agoraNative(engine: AgoraEngine, options: AgoraNativeOptions): RtcSource {
  check("INVALID_CONFIG", "engine", engine, ENGINE);
  check("INVALID_CONFIG", "options", options, OPTIONS, true);
  return new AgoraNative(engine, options);
}

class AgoraNative implements RtcSource {
  readonly #engine: AgoraEngine;
  readonly #options: AgoraNativeOptions;
  readonly #uids: ReadonlySet<Uid>;
  /** The outputs that were heard of, and whether they are there. */
  readonly #there = new Map<Uid, boolean>();
  /** What is subscribed. */
  readonly #asked = new Set<string>();
  #shown: Uid | undefined;
  #isConnected: boolean;
  #connectedAt = 0;

  constructor(engine: AgoraEngine, options: AgoraNativeOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#uids = new Set(options.uids);
    this.#isConnected = options.joined ?? false;
  }

  attach(tell: (signal: Signal) => void): () => void {
    const about = (uid: Uid, ...signals: Signal[]) => {
      if (this.#uids.has(uid)) for (const signal of signals) tell(signal);
    };
    const leave = (uid: Uid, how: "unknown" | (typeof LEFT)[number]) => {
      this.#there.set(uid, false);
      about(uid, { type: "left", uid, how });
    };
    const join = (uid: Uid) => {
      if (!this.#uids.has(uid)) return;
      // Engines subscribe to everybody by themselves: what is wanted is asked for. One that refuses costs traffic only.
      // Whoever is told of again stays as it was asked for.
      if (!this.#there.get(uid)) {
        this.#engine.muteRemoteVideoStream(uid, true);
        this.#engine.muteRemoteAudioStream(uid, true);
      }
      this.#there.set(uid, true);
      // Engines tell who is there, not what they publish: an output of a transcoder publishes both.
      about(uid, { type: "joined", uid }, ...KINDS.map((kind) => ({ type: "published", uid, kind }) as const));
    };
    /** Whoever was there before the handlers were is told of in no other way. */
    const meet = (uid: Uid) => {
      if (!this.#there.has(uid)) join(uid);
    };
    const onState = (kind: Kind) => (_: unknown, uid: Uid, state: number, reason: number) => {
      // The failover takes it for a leave, too.
      if (reason === OFFLINE) this.#there.set(uid, false);
      meet(uid);
      // Of what is subscribed it was the application: what is asked for holds. (An earlier one of ours may be told of late.)
      if (state === 0 && reason === LOCAL_MUTED && this.#asked.has(`${uid} ${kind}`)) this.#mute(uid, kind, false);
      about(uid, ...changed(uid, kind, state, reason));
    };
    const handlers: AgoraEngineHandlers = {
      onUserJoined: (_, uid) => join(uid),
      onUserOffline: (_, uid, reason) => leave(uid, this.#how(reason)),
      onRemoteAudioStateChanged: onState("audio"),
      onRemoteVideoStateChanged: onState("video"),
      onConnectionStateChanged: (_, state, reason) => {
        const closed = state === FAILED || reason === SAME_UID;
        this.#isConnected = state === CONNECTED && !closed;
        if (this.#isConnected) this.#connectedAt = performance.now();
        tell({ type: "connection", state: closed ? "closed" : this.#isConnected ? "connected" : "reconnecting" });
        // Of who was in a channel that the viewer left nothing is told any more; who is in the next one is told of anew.
        if (closed || state === DISCONNECTED)
          for (const uid of this.#uids) if (this.#there.get(uid)) leave(uid, "unknown");
      },
      onRemoteVideoStats: (_, { uid, receivedBitrate }) => {
        if (uid === undefined || receivedBitrate === undefined) return;
        meet(uid);
        about(uid, { type: "progress", uid, kind: "video", advanced: receivedBitrate > 0 });
      },
    };
    if (!this.#engine.registerEventHandler(handlers)) {
      throw new Error("the engine took no event handlers: is it initialised?");
    }
    // Engines say so once: what one viewer was told, the next one on this source is not.
    if (this.#isConnected) tell({ type: "connection", state: "connected" });
    for (const [uid, isThere] of this.#there) if (isThere) join(uid);
    return () => this.#engine.unregisterEventHandler(handlers);
  }

  async subscribe(uid: Uid, kind: Kind): Promise<void> {
    if (kind === "audio" && this.#shown !== uid) {
      // Subscribed, but not heard.
      succeed("adjustUserPlaybackSignalVolume", this.#engine.adjustUserPlaybackSignalVolume(uid, 0));
    }
    this.#mute(uid, kind, false);
    this.#asked.add(`${uid} ${kind}`);
  }

  async unsubscribe(uid: Uid, kind: Kind): Promise<void> {
    this.#asked.delete(`${uid} ${kind}`);
    this.#mute(uid, kind, true);
  }

  show(uid: Uid): void {
    this.#shown = uid;
    for (const other of this.#uids) this.#engine.adjustUserPlaybackSignalVolume(other, other === uid ? 100 : 0);
    this.#options.show(uid);
  }

  /** Web SDKs behind the engine's interface say `quit` also of those whom they miss after the viewer's own reconnect. */
  #how(reason: number): (typeof LEFT)[number] | "unknown" {
    const justConnected = performance.now() - this.#connectedAt < DOUBTFUL_MS;
    return (reason === 0 && justConnected ? undefined : LEFT[reason]) ?? "unknown";
  }

  #mute(uid: Uid, kind: Kind, mute: boolean): void {
    if (kind === "video") succeed("muteRemoteVideoStream", this.#engine.muteRemoteVideoStream(uid, mute));
    else succeed("muteRemoteAudioStream", this.#engine.muteRemoteAudioStream(uid, mute));
  }
}

function changed(uid: Uid, kind: Kind, number: number, engines: number): Signal[] {
  const state = STATES[number];
  // Of another engine's reasons nothing is known.
  const reason = engines >= 0 && engines <= 255 ? engines : 0;
  return state === undefined ? [] : [{ type: "state", uid, kind, state, reason }];
}

function succeed(call: string, code: number): void {
  if (code < 0) throw new Error(`${call} failed with ${code}`);
}
