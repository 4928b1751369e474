import { check, FLAG, FUNCTION, optional, type Rules, uids } from "./check.js";
import type { RtcSource } from "./source.js";
import { KINDS, LEAVE_REASONS, STATES } from "./tables.js";
import type { Kind, LeaveReason, Signal, Uid } from "./types.js";

/** The event handlers of `agora-electron-sdk` and `react-native-agora` 4.x that the adapter uses. */
export interface AgoraEngineHandlers {
  /** A user joined the channel. */
  onUserJoined(connection: unknown, uid: Uid): void;
  /** A user left the channel; `reason` 0: quit, 1: timed out, 2: became audience. */
  onUserOffline(connection: unknown, uid: Uid, reason: number): void;
  /** The state of a user's audio: `state` is a position in `MediaState`, counted from 0; `reason` as in `Signal`. */
  onRemoteAudioStateChanged(connection: unknown, uid: Uid, state: number, reason: number): void;
  /** The state of a user's video: `state` is a position in `MediaState`, counted from 0; `reason` as in `Signal`. */
  onRemoteVideoStateChanged(connection: unknown, uid: Uid, state: number, reason: number): void;
  /** The state of the viewer's connection: `state` 3: connected, 5: failed; `reason` 19: its uid joined elsewhere. */
  onConnectionStateChanged(connection: unknown, state: number, reason: number): void;
  /** Statistics of a user's video; `receivedBitrate` in kbit/s, 0: nothing arrives. */
  onRemoteVideoStats(connection: unknown, stats: { uid?: Uid; receivedBitrate?: number }): void;
}

/** The part of `IRtcEngine` that the adapter uses. */
export interface AgoraEngine {
  /** Registers event handlers. Returns `false` on failure. */
  registerEventHandler(handlers: AgoraEngineHandlers): boolean;
  /** Unregisters event handlers. */
  unregisterEventHandler(handlers: AgoraEngineHandlers): boolean;
  /** Subscribes to a user's video (`mute` is false), or unsubscribes. A result below 0 is an error. */
  muteRemoteVideoStream(uid: Uid, mute: boolean): number;
  /** Subscribes to a user's audio (`mute` is false), or unsubscribes. A result below 0 is an error. */
  muteRemoteAudioStream(uid: Uid, mute: boolean): number;
  /** Sets the volume of a user: 0 (muted) or 100. A result below 0 is an error. */
  adjustUserPlaybackSignalVolume(uid: Uid, volume: number): number;
}

/** Options of `agoraNative`. */
export interface AgoraNativeOptions {
  /** The outputs; all other users in the channel are ignored. */
  uids: readonly Uid[];
  /** Brings the view of this output to the front. Keep a view for each output mounted. */
  show: (uid: Uid) => void;
  /** Whether the viewer is in the channel already. */
  joined?: boolean;
}

/** For this long after the viewer has connected, a `quit` counts as a leave without a reason. */
const DOUBTFUL_QUIT_MS = 5000;
/** Connection states of the engine, and the reason of a connection that ended because its uid joined elsewhere. */
const DISCONNECTED = 1;
const CONNECTED = 3;
const FAILED = 5;
const SAME_UID = 19;
/** Reasons of a track's state: the viewer muted it, the sender is offline. */
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

/** Adapter for Agora's native SDKs for Electron and React Native. Throws `INVALID_OPTIONS`. */
export function agoraNative(engine: AgoraEngine, options: AgoraNativeOptions): RtcSource {
  check("INVALID_OPTIONS", "engine", engine, ENGINE);
  check("INVALID_OPTIONS", "options", options, OPTIONS, true);
  return new AgoraNative(engine, options);
}

class AgoraNative implements RtcSource {
  readonly #engine: AgoraEngine;
  readonly #options: AgoraNativeOptions;
  readonly #uids: ReadonlySet<Uid>;
  /** The outputs that were reported so far, and whether each is in the channel. */
  readonly #present = new Map<Uid, boolean>();
  /** The subscribed tracks, as `uid kind`. */
  readonly #subscribed = new Set<string>();
  #shown: Uid | undefined;
  #isConnected: boolean;
  #connectedAt = 0;

  constructor(engine: AgoraEngine, options: AgoraNativeOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#uids = new Set(options.uids);
    this.#isConnected = options.joined ?? false;
  }

  attach(emit: (signal: Signal) => void): () => void {
    const about = (uid: Uid, ...signals: Signal[]) => {
      if (this.#uids.has(uid)) for (const signal of signals) emit(signal);
    };
    const leave = (uid: Uid, reason: LeaveReason) => {
      this.#present.set(uid, false);
      about(uid, { type: "left", uid, reason });
    };
    const join = (uid: Uid) => {
      if (!this.#uids.has(uid)) return;
      // Engines subscribe to all users by default; the failover subscribes to the tracks that it needs. A failure here costs only
      // traffic. A repeated report must not undo the subscriptions.
      if (!this.#present.get(uid)) {
        this.#engine.muteRemoteVideoStream(uid, true);
        this.#engine.muteRemoteAudioStream(uid, true);
      }
      this.#present.set(uid, true);
      // Engines report users, not their tracks: an output of a transcoder publishes both kinds.
      about(uid, { type: "joined", uid }, ...KINDS.map((kind) => ({ type: "published", uid, kind }) as const));
    };
    /** Users that joined before the handlers were registered are not reported in any other way. */
    const discover = (uid: Uid) => {
      if (!this.#present.has(uid)) join(uid);
    };
    const onState = (kind: Kind) => (_: unknown, uid: Uid, state: number, reason: number) => {
      // The failover handles this as a leave, too.
      if (reason === OFFLINE) this.#present.set(uid, false);
      discover(uid);
      // The application muted a track that is subscribed, or an earlier mute of this adapter is reported late.
      if (state === 0 && reason === LOCAL_MUTED && this.#subscribed.has(`${uid} ${kind}`)) this.#mute(uid, kind, false);
      about(uid, ...changed(uid, kind, state, reason));
    };
    const handlers: AgoraEngineHandlers = {
      onUserJoined: (_, uid) => join(uid),
      onUserOffline: (_, uid, reason) => leave(uid, this.#leaveReason(reason)),
      onRemoteAudioStateChanged: onState("audio"),
      onRemoteVideoStateChanged: onState("video"),
      onConnectionStateChanged: (_, state, reason) => {
        const closed = state === FAILED || reason === SAME_UID;
        this.#isConnected = state === CONNECTED && !closed;
        if (this.#isConnected) this.#connectedAt = performance.now();
        emit({ type: "connection", state: closed ? "closed" : this.#isConnected ? "connected" : "reconnecting" });
        // The engine does not report leaves from a channel that the viewer has left.
        if (closed || state === DISCONNECTED)
          for (const uid of this.#uids) if (this.#present.get(uid)) leave(uid, "unknown");
      },
      onRemoteVideoStats: (_, { uid, receivedBitrate }) => {
        if (uid === undefined || receivedBitrate === undefined) return;
        discover(uid);
        about(uid, { type: "stats", uid, kind: "video", receiving: receivedBitrate > 0 });
      },
    };
    if (!this.#engine.registerEventHandler(handlers)) {
      throw new Error("registerEventHandler failed: is the engine initialised?");
    }
    // Engines report this only once, and a second viewer on this source needs it, too.
    if (this.#isConnected) emit({ type: "connection", state: "connected" });
    for (const [uid, isPresent] of this.#present) if (isPresent) join(uid);
    return () => this.#engine.unregisterEventHandler(handlers);
  }

  async subscribe(uid: Uid, kind: Kind): Promise<void> {
    if (kind === "audio" && this.#shown !== uid) {
      // Audio of an output that is not on screen is subscribed, but muted.
      succeed("adjustUserPlaybackSignalVolume", this.#engine.adjustUserPlaybackSignalVolume(uid, 0));
    }
    this.#mute(uid, kind, false);
    this.#subscribed.add(`${uid} ${kind}`);
  }

  async unsubscribe(uid: Uid, kind: Kind): Promise<void> {
    this.#subscribed.delete(`${uid} ${kind}`);
    this.#mute(uid, kind, true);
  }

  show(uid: Uid): void {
    this.#shown = uid;
    for (const other of this.#uids) this.#engine.adjustUserPlaybackSignalVolume(other, other === uid ? 100 : 0);
    this.#options.show(uid);
  }

  /** An engine that is built on the Web SDK also reports `quit` for users that are missing after the viewer's own reconnect. */
  #leaveReason(reason: number): LeaveReason {
    const isDoubtful = reason === 0 && performance.now() - this.#connectedAt < DOUBTFUL_QUIT_MS;
    return (isDoubtful ? undefined : LEAVE_REASONS[reason]) ?? "unknown";
  }

  #mute(uid: Uid, kind: Kind, mute: boolean): void {
    if (kind === "video") succeed("muteRemoteVideoStream", this.#engine.muteRemoteVideoStream(uid, mute));
    else succeed("muteRemoteAudioStream", this.#engine.muteRemoteAudioStream(uid, mute));
  }
}

function changed(uid: Uid, kind: Kind, number: number, reported: number): Signal[] {
  const state = STATES[number];
  const reason = reported >= 0 && reported <= 255 ? reported : 0;
  return state === undefined ? [] : [{ type: "state", uid, kind, state, reason }];
}

function succeed(call: string, code: number): void {
  if (code < 0) throw new Error(`${call} failed with ${code}`);
}
