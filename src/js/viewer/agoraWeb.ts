import type { HtmlElement } from "../platform.js";
import { check, FUNCTION, LIST, oneOf, optional, type Rules, TEXT, uids as uidsRule } from "./check.js";
import type { RtcSource } from "./source.js";
import { ELEMENT, Stage, watchFrames } from "./stage.js";
import { KINDS, STATES } from "./tables.js";
import type { Kind, MediaState, Signal, Uid } from "./types.js";

/** The part of a remote video track of `agora-rtc-sdk-ng` 4.x that the adapter uses. */
export interface AgoraVideoTrack {
  /** Plays the video in this element. */
  play(element: HtmlElement, options?: { fit?: "cover" | "contain" | "fill" }): void;
  /** Stops the video and removes it from its element. */
  stop(): void;
  /** The state changed: `state` is a position in `MediaState`, counted from 0. */
  on(event: "video-state-changed", listener: (state: number) => void): unknown;
  /** The first frame was decoded. */
  on(event: "first-frame-decoded", listener: () => void): unknown;
  /** Removes a listener. */
  off(event: string, listener: (...args: never[]) => void): unknown;
  /** The browser's track. */
  getMediaStreamTrack?(): { readonly readyState: string };
}

/** The part of a remote audio track that the adapter uses. */
export interface AgoraAudioTrack {
  /** Plays the audio. */
  play(): void;
  /** Stops the audio. */
  stop(): void;
  /** Whether the audio plays. */
  readonly isPlaying?: boolean;
  /** The browser's track. */
  getMediaStreamTrack?(): { readonly readyState: string };
}

/** The part of a remote user that the adapter uses. */
export interface AgoraUser {
  /** The uid; of an output, an integer. */
  uid: string | number;
  /** Whether video is published. */
  hasVideo: boolean;
  /** Whether audio is published. */
  hasAudio: boolean;
  /** The video track, while it is subscribed. */
  videoTrack?: AgoraVideoTrack | undefined;
  /** The audio track, while it is subscribed. */
  audioTrack?: AgoraAudioTrack | undefined;
}

/** The part of a client that the adapter uses. Pass your app's own client, of any 4.x version. */
export interface AgoraClient {
  /** The other users in the channel. */
  readonly remoteUsers: AgoraUser[];
  /** `CONNECTED` while the client is in the channel. */
  readonly connectionState: string;
  /** Adds a listener for an event. */
  on(event: string, listener: (...args: never[]) => void): unknown;
  /** Removes a listener. */
  off(event: string, listener: (...args: never[]) => void): unknown;
  /** Subscribes to a track of a user. */
  subscribe(user: never, kind: Kind): Promise<unknown>;
  /** Unsubscribes from a track of a user. */
  unsubscribe(user: never, kind?: Kind): Promise<void>;
  /** Received bytes of video, and decoded frames per second, by uid. */
  getRemoteVideoStats?(): Record<string, { receiveBytes?: number; decodeFrameRate?: number }>;
  /** Received packets of audio, by uid. */
  getRemoteAudioStats?(): Record<string, { receivePackets?: number }>;
}

/** Options of `agoraWeb`. */
export interface AgoraWebOptions {
  /** The element that shows the video. It must have a size. */
  container: HtmlElement;
  /** The outputs; all other users in the channel are ignored. */
  uids: readonly Uid[];
  /** How the video fits into the container. Default `contain`. */
  fit?: "cover" | "contain" | "fill";
}

/** The states and reasons that native SDKs report. */
const FALLBACK = { state: "frozen", reason: 8 } as const;
const FALLBACK_ENDED = { state: "decoding", reason: 9 } as const;
const LEAVE_REASONS = { Quit: "quit", ServerTimeOut: "timedOut", BecomeAudience: "becameAudience" } as const;

/** The rules of a client. */
export const CLIENT: Rules = {
  remoteUsers: LIST,
  connectionState: TEXT,
  on: FUNCTION,
  off: FUNCTION,
  subscribe: FUNCTION,
  unsubscribe: FUNCTION,
  getRemoteVideoStats: optional(FUNCTION),
  getRemoteAudioStats: optional(FUNCTION),
};
/** The rule of `fit`. */
export const FIT = optional(oneOf("cover", "contain", "fill"));
const OPTIONS: Required<{ readonly [Option in keyof AgoraWebOptions]: Rules[string] }> = {
  container: ELEMENT,
  uids: uidsRule(1),
  fit: FIT,
};

/** Time for a track to begin to play before it is checked. */
const START_MS = 500;
/**
 * Bytes that are new in a stats poll arrived within this time: polls are a second apart, and the SDK updates its statistics once a
 * second, from a report that is up to 250 ms old.
 */
const NEW_BYTES_MS = 2500;

/** Adapter for Agora's Web SDK 4.x. Create the viewer before or after `client.join()`. Throws `INVALID_OPTIONS`. */
export function agoraWeb(client: AgoraClient, options: AgoraWebOptions): RtcSource {
  check("INVALID_OPTIONS", "client", client, CLIENT);
  check("INVALID_OPTIONS", "options", options, OPTIONS, true);
  return new AgoraWeb(client, options);
}

/** The last call of each track, by client: consecutive viewers on one client share them. */
const QUEUES = new WeakMap<AgoraClient, Map<string, Promise<unknown>>>();

/** A video that plays. */
interface Watched {
  /** Its current element. */
  video: () => HTMLVideoElement | null;
  /** When the browser last reported a frame. */
  frameAt: () => number;
  startedAt: number;
  /** The last stats poll. */
  checkedAt: number;
  /** Decoded frames up to the last stats poll. */
  decoded: number;
  /** Since its last frame it was found that frames are decoded, but the browser reports none. */
  isUnreported: boolean;
  stop: () => void;
}

class AgoraWeb implements RtcSource {
  readonly #client: AgoraClient;
  readonly #uids: ReadonlySet<Uid>;
  readonly #stage: Stage;
  readonly #fit: "cover" | "contain" | "fill";
  readonly #watched = new Map<Uid, Watched>();
  /** The latest subscription request of each track; gone once it is cancelled. */
  readonly #requests = new Map<string, object>();
  /** The subscribed tracks, as `uid kind`. */
  readonly #subscribed = new Set<string>();
  readonly #queues: Map<string, Promise<unknown>>;
  readonly #counters = new Map<string, number>();
  /** The tracks that were reported as published, as `uid kind`. */
  readonly #published = new Set<string>();
  /** What currently interrupts the viewer's media connection. */
  readonly #interruptions = new Set<string>();
  #shown: Uid | undefined;
  #emit: (signal: Signal) => void = () => {};

  constructor(client: AgoraClient, { container, uids, fit = "contain" }: AgoraWebOptions) {
    this.#client = client;
    this.#queues = QUEUES.get(client) ?? new Map();
    QUEUES.set(client, this.#queues);
    this.#uids = new Set(uids);
    this.#stage = new Stage(container);
    this.#fit = fit;
  }

  attach(emit: (signal: Signal) => void): () => void {
    this.#emit = emit;
    const listeners: [event: string, listener: (...args: never[]) => void][] = [
      ["user-joined", (user: AgoraUser) => this.#about(user, (uid) => ({ type: "joined", uid }))],
      ["user-left", (user: AgoraUser, reason?: string) => this.#onLeft(user, reason)],
      ["user-published", (user: AgoraUser, kind: string) => this.#onPublished(user, kind)],
      ["user-unpublished", (user: AgoraUser, kind: string) => this.#onUnpublished(user, kind)],
      ["user-info-updated", (uid: string | number, what: string) => this.#onInfo(uid, what)],
      ["exception", ({ code, uid }: { code: number; uid: string | number }) => this.#onException(code, uid)],
      ["connection-state-change", (now: string, _: string, reason?: string) => this.#onConnection(now, reason)],
      ["peerconnection-state-change", (now: string) => this.#onPeer(now)],
      ["media-reconnect-start", (uid: string | number) => this.#onReconnect(uid, false)],
      ["media-reconnect-end", (uid: string | number) => this.#onReconnect(uid, true)],
      ["network-quality", (quality: { downlinkNetworkQuality: number }) => this.#onQuality(quality)],
      ["stream-fallback", (uid: string | number, what: string) => this.#onFallback(uid, what)],
    ];
    for (const [event, listener] of listeners) this.#client.on(event, listener);
    this.#onConnection(this.#client.connectionState);
    this.#reconcile();
    return () => {
      for (const [event, listener] of listeners) this.#client.off(event, listener);
      for (const watched of this.#watched.values()) watched.stop();
      // Stop tracks before their elements are removed: the SDK restarts an element that pauses by its removal. Stop the audio as
      // well: unsubscribing may have to wait for calls in progress.
      for (const uid of this.#uids) {
        this.#user(uid)?.videoTrack?.stop();
        this.#user(uid)?.audioTrack?.stop();
      }
      this.#stage.clear();
      this.#watched.clear();
      this.#counters.clear();
      this.#published.clear();
      this.#interruptions.clear();
      this.#emit = () => {};
    };
  }

  async subscribe(uid: Uid, kind: Kind): Promise<void> {
    const track = `${uid} ${kind}`;
    const request = {};
    // Otherwise the output has left meanwhile (and may be back), and the outcome of this request is obsolete.
    const isCurrent = () => this.#requests.get(track) === request;
    this.#requests.set(track, request);
    try {
      await this.#inTurn(track, async () => {
        if (!isCurrent()) return;
        const user = this.#user(uid);
        if (!user) throw new Error(`uid ${uid} is not in the channel`);
        await this.#client.subscribe(user as never, kind);
      });
    } catch (error) {
      if (isCurrent()) throw error;
    }
    if (!isCurrent()) return;
    this.#subscribed.add(track);
    if (kind === "video") this.#play(uid);
    else if (this.#shown === uid) this.#user(uid)?.audioTrack?.play();
  }

  async unsubscribe(uid: Uid, kind: Kind): Promise<void> {
    this.#released(uid, kind);
    await this.#inTurn(`${uid} ${kind}`, async () => {
      const user = this.#user(uid);
      if (user?.[`${kind}Track`]) await this.#client.unsubscribe(user as never, kind);
    });
  }

  /** Calls of one track run one after the other: not every client can end a subscription that is still in progress. */
  #inTurn(track: string, call: () => Promise<void>): Promise<void> {
    const turn = this.#queues.get(track)?.then(call, call) ?? call();
    const finish = () => this.#queues.get(track) === turn && this.#queues.delete(track);
    this.#queues.set(track, turn);
    turn.then(finish, finish);
    return turn;
  }

  show(uid: Uid): void {
    this.#shown = uid;
    this.#stage.raise(uid);
    // All outputs carry the same mix: only one may be audible.
    for (const other of this.#uids) {
      if (other !== uid) this.#user(other)?.audioTrack?.stop();
    }
    this.#user(uid)?.audioTrack?.play();
  }

  pollStats(): void {
    this.#reconcile();
    this.#stage.keep();
    const video = this.#client.getRemoteVideoStats?.() ?? {};
    const audio = this.#client.getRemoteAudioStats?.() ?? {};
    this.#reportLost();
    for (const [uid, watched] of this.#watched) this.#checkVideo(uid, watched, video[uid]);
    for (const uid of this.#uids) {
      const user = this.#user(uid);
      if (user?.videoTrack) this.#stats(uid, "video", video[uid]?.receiveBytes);
      if (user?.audioTrack) this.#stats(uid, "audio", audio[uid]?.receivePackets);
    }
    // Before the first user gesture the browser blocks audio, and the SDK itself waits for the gesture.
    const audible = this.#user(this.#shown)?.audioTrack;
    if (audible?.isPlaying === false && navigator.userActivation?.hasBeenActive !== false) audible.play();
  }

  /** Reports subscriptions that the application or the SDK has ended, and tracks that were stopped. */
  #reportLost(): void {
    if (this.#interruptions.size > 0 || this.#client.connectionState !== "CONNECTED") return;
    for (const track of this.#subscribed) {
      const [uid, kind] = track.split(" ") as [string, Kind];
      const user = this.#user(Number(uid));
      const current = user?.[`${kind}Track`];
      const hasEnded = current?.getMediaStreamTrack?.().readyState === "ended";
      if (!user || (current && !hasEnded)) continue;
      // Otherwise the SDK would return the same track again.
      if (hasEnded) void this.unsubscribe(Number(uid), kind).catch(() => {});
      this.#released(Number(uid), kind);
      this.#emit({ type: "subscriptionLost", uid: Number(uid), kind });
    }
  }

  #checkVideo(uid: Uid, watched: Watched, stats: { receiveBytes?: number; decodeFrameRate?: number } = {}): void {
    const now = performance.now();
    if (now - watched.startedAt < START_MS) return;
    const video = watched.video();
    if (!video) {
      // The application stopped the track or removed its element.
      this.#user(uid)?.videoTrack?.stop();
      this.#play(uid);
      return;
    }
    // A video pauses when it is removed from the page.
    if (video.isConnected && video.paused) video.play()?.catch(() => {});
    // A browser may block playback before the first user gesture: that says nothing about the outputs.
    this.#onMediaConnection(`playing ${uid}`, !video.isConnected || !video.paused);
    const decoded = video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
    const frameAt = watched.frameAt();
    const hadFrame = frameAt >= watched.checkedAt;
    const isCounted = !hadFrame && decoded > watched.decoded + 1;
    // Firefox and Safari do not count the frames of streams. The SDK's rate is of up to three seconds ago, when an output that has
    // just died still had frames: it counts only while bytes arrive that are newer than the last frame.
    const hasNewBytes = this.#hasChanged(uid, "video", stats.receiveBytes) && now - frameAt > NEW_BYTES_MS;
    watched.checkedAt = now;
    watched.decoded = decoded;
    if (hadFrame) watched.isUnreported = false;
    // Frames are decoded but not reported where the page is out of sight, as in an iframe that is scrolled away.
    if (!isCounted && !(hasNewBytes && stats.decodeFrameRate)) return;
    const emit = (state: MediaState) => this.#emit({ type: "state", uid, kind: "video", state });
    if (!watched.isUnreported) emit("stopped");
    watched.isUnreported = true;
    emit("decoding");
  }

  /** Whether a counter is known, and has changed since the last stats poll. A counter that was reset has changed, too. */
  #hasChanged(uid: Uid, kind: Kind, count: number | undefined): boolean | undefined {
    const before = this.#counters.get(`${uid} ${kind}`);
    return before === undefined || count === undefined ? undefined : count !== before;
  }

  #stats(uid: Uid, kind: Kind, count: number | undefined): void {
    const receiving = this.#hasChanged(uid, kind, count);
    if (count !== undefined) this.#counters.set(`${uid} ${kind}`, count);
    if (receiving !== undefined) this.#emit({ type: "stats", uid, kind, receiving });
  }

  #play(uid: Uid): void {
    const track = this.#user(uid)?.videoTrack;
    if (!track) return;
    this.#unwatch(uid);
    const onState = (state: number) => {
      const name = STATES[state];
      if (name) this.#emit({ type: "state", uid, kind: "video", state: name });
    };
    track.on("video-state-changed", onState);
    const layer = this.#stage.layer(uid);
    track.play(layer, { fit: this.#fit });
    let watched: HTMLVideoElement | null = null;
    let stopFrames: (() => void) | undefined;
    let frameAt = Number.NEGATIVE_INFINITY;
    const onFrame = () => {
      frameAt = performance.now();
      this.#emit({ type: "frame", uid });
    };
    // After a media reconnect the SDK appends a new element behind the one that shows the last frame.
    const video = () => {
      const last = layer.querySelector<HTMLVideoElement>("video:last-child");
      if (last !== watched) {
        stopFrames?.();
        stopFrames = last ? watchFrames(last, onFrame) : undefined;
      }
      watched = last;
      return last;
    };
    video();
    // Without frame callbacks the SDK does not report its states either.
    const onFirst = () => {
      if (!stopFrames) this.#emit({ type: "state", uid, kind: "video", state: "decoding" });
    };
    track.on("first-frame-decoded", onFirst);
    const stop = () => {
      track.off("video-state-changed", onState as (...args: never[]) => void);
      track.off("first-frame-decoded", onFirst);
      stopFrames?.();
    };
    const startedAt = performance.now();
    this.#watched.set(uid, {
      video,
      frameAt: () => frameAt,
      startedAt,
      checkedAt: startedAt,
      decoded: 0,
      isUnreported: false,
      stop,
    });
  }

  /** A track is gone, and its subscription with it. */
  #unpublish(user: Pick<AgoraUser, "uid">, kind: Kind): void {
    this.#published.delete(`${user.uid} ${kind}`);
    // A call in progress may never settle.
    this.#queues.delete(`${user.uid} ${kind}`);
    this.#released(Number(user.uid), kind);
  }

  #released(uid: Uid, kind: Kind): void {
    this.#requests.delete(`${uid} ${kind}`);
    this.#subscribed.delete(`${uid} ${kind}`);
    if (kind === "video") this.#unwatch(uid);
    // The SDK does not report the end of a reconnect for an output that is not subscribed.
    if (!KINDS.some((one) => this.#requests.has(`${uid} ${one}`))) this.#onReconnect(uid, true);
  }

  #unwatch(uid: Uid): void {
    this.#watched.get(uid)?.stop();
    this.#watched.delete(uid);
    this.#counters.delete(`${uid} video`);
    this.#onMediaConnection(`playing ${uid}`, true);
  }

  // ---- events of the SDK -----------------------------------------------------------------------------------------

  #user(uid: Uid | undefined): AgoraUser | undefined {
    return this.#client.remoteUsers.find((user) => Number(user.uid) === uid);
  }

  #about(user: Pick<AgoraUser, "uid">, signal: (uid: Uid) => Signal): void {
    const uid = Number(user.uid);
    if (this.#uids.has(uid)) this.#emit(signal(uid));
  }

  /** Events may have been emitted before `attach`, and some are missing. */
  #reconcile(): void {
    for (const user of this.#client.remoteUsers) {
      if (user.hasAudio) this.#onPublished(user, "audio");
      if (user.hasVideo) this.#onPublished(user, "video");
    }
  }

  #onLeft(user: Pick<AgoraUser, "uid">, reason?: string): void {
    const known = LEAVE_REASONS[reason as keyof typeof LEAVE_REASONS] ?? "unknown";
    for (const kind of KINDS) this.#unpublish(user, kind);
    this.#about(user, (uid) => ({ type: "left", uid, reason: known }));
  }

  #onPublished(user: AgoraUser, kind: string): void {
    const key = `${user.uid} ${kind}`;
    if ((kind !== "audio" && kind !== "video") || this.#published.has(key)) return;
    this.#published.add(key);
    this.#about(user, (uid) => ({ type: "published", uid, kind }));
  }

  #onUnpublished(user: AgoraUser, kind: string): void {
    if (kind !== "audio" && kind !== "video") return;
    this.#unpublish(user, kind);
    this.#about(user, (uid) => ({ type: "unpublished", uid, kind }));
  }

  #onInfo(uid: string | number, what: string): void {
    const [, un, mute, kind] = /^(un|en|dis)?(mute|able-local)-(audio|video)$/.exec(what) ?? [];
    if (kind !== "audio" && kind !== "video") return;
    const muted = mute === "mute" ? un !== "un" : un === "dis";
    if (this.#uids.has(Number(uid))) this.#emit({ type: "muted", uid: Number(uid), kind, muted });
  }

  #onException(code: number, uid: string | number): void {
    if (code === 1005 && this.#uids.has(Number(uid))) this.#emit({ type: "decodeFailed", uid: Number(uid) });
  }

  #onConnection(state: string, reason?: string): void {
    const closed = state === "DISCONNECTED" && /BANNED|UID_CONFLICT/.test(reason ?? "");
    const connection = state === "CONNECTED" ? "connected" : closed ? "closed" : "reconnecting";
    this.#emit({ type: "connection", state: connection });
    if (connection === "connected") this.#reconcile();
    if (state === "DISCONNECTED") this.#forget();
  }

  /** After leaving the channel the SDK drops all users without an event; they may be there again after the next join. */
  #forget(): void {
    for (const uid of this.#uids) {
      if (KINDS.some((kind) => this.#published.has(`${uid} ${kind}`))) this.#onLeft({ uid });
    }
    this.#published.clear();
    this.#counters.clear();
    this.#onMediaConnection("peer", true);
  }

  #onPeer(state: string): void {
    if (state === "disconnected" || state === "failed") this.#onMediaConnection("peer", false);
    if (state === "connected") this.#onMediaConnection("peer", true);
  }

  #onReconnect(uid: string | number, connected: boolean): void {
    if (this.#uids.has(Number(uid))) this.#onMediaConnection(`uid ${uid}`, connected);
  }

  #onMediaConnection(part: string, connected: boolean): void {
    const wasConnected = this.#interruptions.size === 0;
    if (connected) this.#interruptions.delete(part);
    else this.#interruptions.add(part);
    const isConnected = this.#interruptions.size === 0;
    if (isConnected !== wasConnected) this.#emit({ type: "mediaConnection", connected: isConnected });
  }

  #onFallback(uid: string | number, what: string): void {
    const state = what === "fallback" ? FALLBACK : FALLBACK_ENDED;
    if (this.#uids.has(Number(uid))) this.#emit({ type: "state", uid: Number(uid), kind: "video", ...state });
  }

  #onQuality({ downlinkNetworkQuality }: { downlinkNetworkQuality: number }): void {
    this.#emit({ type: "network", poor: downlinkNetworkQuality >= 5 });
  }
}
