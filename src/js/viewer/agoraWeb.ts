import type { HtmlElement } from "../platform.js";
import { check, FUNCTION, LIST, oneOf, optional, type Rules, TEXT, uids as uidsRule } from "./check.js";
import type { RtcSource } from "./source.js";
import { ELEMENT, Stage, watchFrames } from "./stage.js";
import { KINDS, STATES } from "./tables.js";
import type { Kind, MediaState, Signal, Uid } from "./types.js";

/** The part of a remote video track of `agora-rtc-sdk-ng` 4.x that is used. */
export interface AgoraVideoTrack {
  /** Shows it in this element. */
  play(element: HtmlElement, options?: { fit?: "cover" | "contain" | "fill" }): void;
  /** Takes it out of its element. */
  stop(): void;
  /** How it is: `state` is its place in `MediaState`, from 0 on. */
  on(event: "video-state-changed", listener: (state: number) => void): unknown;
  /** Its first frame is there. */
  on(event: "first-frame-decoded", listener: () => void): unknown;
  /** Takes a listener away again. */
  off(event: string, listener: (...args: never[]) => void): unknown;
  /** What it plays. */
  getMediaStreamTrack?(): { readonly readyState: string };
}

/** The part of a remote audio track that is used. */
export interface AgoraAudioTrack {
  /** Lets it be heard. */
  play(): void;
  /** Silences it. */
  stop(): void;
  /** Whether it is heard. */
  readonly isPlaying?: boolean;
  /** What it plays. */
  getMediaStreamTrack?(): { readonly readyState: string };
}

/** The part of a remote user that is used. */
export interface AgoraUser {
  /** An output has a number. */
  uid: string | number;
  /** Whether video is published. */
  hasVideo: boolean;
  /** Whether audio is published. */
  hasAudio: boolean;
  /** There while it is subscribed. */
  videoTrack?: AgoraVideoTrack | undefined;
  /** There while it is subscribed. */
  audioTrack?: AgoraAudioTrack | undefined;
}

/** The part of a client that is used: pass the app's own, of any 4.x version. */
export interface AgoraClient {
  /** Who else is in the channel. */
  readonly remoteUsers: AgoraUser[];
  /** `CONNECTED` while it is in the channel. */
  readonly connectionState: string;
  /** Listens to an event of the SDK. */
  on(event: string, listener: (...args: never[]) => void): unknown;
  /** Takes a listener away again. */
  off(event: string, listener: (...args: never[]) => void): unknown;
  /** Subscribes to a track of a user. */
  subscribe(user: never, kind: Kind): Promise<unknown>;
  /** Unsubscribes from a track of a user. */
  unsubscribe(user: never, kind?: Kind): Promise<void>;
  /** Bytes of video that came in so far, and frames a second that are decoded, by uid. */
  getRemoteVideoStats?(): Record<string, { receiveBytes?: number; decodeFrameRate?: number }>;
  /** Packets of audio that came in so far, by uid. */
  getRemoteAudioStats?(): Record<string, { receivePackets?: number }>;
}

/** Settings of `agoraWeb`. */
export interface AgoraWebOptions {
  /** Where the picture goes: an element with a size. */
  container: HtmlElement;
  /** The outputs that are meant; everybody else in the channel is left alone. */
  uids: readonly Uid[];
  /** How the picture fits. Default `contain`. */
  fit?: "cover" | "contain" | "fill";
}

/** As native engines say it. */
const FALLBACK = { state: "frozen", reason: 8 } as const;
const FALLBACK_OVER = { state: "decoding", reason: 9 } as const;
const LEFT = { Quit: "quit", ServerTimeOut: "timedOut", BecomeAudience: "becameAudience" } as const;

/** What a client has. */
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
/** How the picture may fit. */
export const FIT = optional(oneOf("cover", "contain", "fill"));
const OPTIONS: Required<{ readonly [Option in keyof AgoraWebOptions]: Rules[string] }> = {
  container: ELEMENT,
  uids: uidsRule(1),
  fit: FIT,
};

/** A track that was subscribed to this long ago has shown what it can. */
const STARTS_MS = 500;

/** Agora's Web SDK 4.x. Attach it before `join`, or after: it begins with who is there. Throws `INVALID_CONFIG`. */
export function agoraWeb(client: AgoraClient, options: AgoraWebOptions): RtcSource {
  check("INVALID_CONFIG", "client", client, CLIENT);
  check("INVALID_CONFIG", "options", options, OPTIONS, true);
  return new AgoraWeb(client, options);
}

/** What each client was asked for last, by track: viewers that follow each other on one client wait for each other. */
const TURNS = new WeakMap<AgoraClient, Map<string, Promise<unknown>>>();

/** A picture that plays. */
interface Watched {
  /** Its element as it is now. */
  video: () => HTMLVideoElement | null;
  /** Whether the browser has told of a frame since this was asked last. */
  wasSeen: () => boolean;
  /** Frames that were decoded until the last look. */
  decoded: number;
  /** Frames are decoded, but the browser tells of none. */
  isUnseen: boolean;
  since: number;
  stop: () => void;
}

class AgoraWeb implements RtcSource {
  readonly #client: AgoraClient;
  readonly #uids: ReadonlySet<Uid>;
  readonly #stage: Stage;
  readonly #fit: "cover" | "contain" | "fill";
  readonly #watched = new Map<Uid, Watched>();
  /** What the SDK was last asked for, by track. */
  readonly #asked = new Map<string, object>();
  /** What it has given. */
  readonly #given = new Set<string>();
  readonly #turns: Map<string, Promise<unknown>>;
  readonly #counts = new Map<string, number>();
  /** What was told to be published, as `uid kind`. */
  readonly #published = new Set<string>();
  /** The parts of the viewer's media path that are broken. */
  readonly #broken = new Set<string>();
  #shown: Uid | undefined;
  #tell: (signal: Signal) => void = () => {};

  constructor(client: AgoraClient, { container, uids, fit = "contain" }: AgoraWebOptions) {
    this.#client = client;
    this.#turns = TURNS.get(client) ?? new Map();
    TURNS.set(client, this.#turns);
    this.#uids = new Set(uids);
    this.#stage = new Stage(container);
    this.#fit = fit;
  }

  attach(tell: (signal: Signal) => void): () => void {
    this.#tell = tell;
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
      // An element that is taken away while it plays pauses, and the SDK starts it again, though its track is about to end.
      // The sound ends with the picture: to unsubscribe has to wait for what is under way.
      for (const uid of this.#uids) {
        this.#user(uid)?.videoTrack?.stop();
        this.#user(uid)?.audioTrack?.stop();
      }
      this.#stage.clear();
      this.#watched.clear();
      this.#counts.clear();
      this.#published.clear();
      this.#broken.clear();
      this.#tell = () => {};
    };
  }

  async subscribe(uid: Uid, kind: Kind): Promise<void> {
    const track = `${uid} ${kind}`;
    const asked = {};
    // If not, it went meanwhile, and may be back: what becomes of this says nothing of what was asked for since.
    const isMeant = () => this.#asked.get(track) === asked;
    this.#asked.set(track, asked);
    try {
      await this.#inTurn(track, async () => {
        if (!isMeant()) return;
        const user = this.#user(uid);
        if (!user) throw new Error(`uid ${uid} is not in the channel`);
        await this.#client.subscribe(user as never, kind);
      });
    } catch (error) {
      if (isMeant()) throw error;
    }
    if (!isMeant()) return;
    this.#given.add(track);
    if (kind === "video") this.#play(uid);
    else if (this.#shown === uid) this.#user(uid)?.audioTrack?.play();
  }

  async unsubscribe(uid: Uid, kind: Kind): Promise<void> {
    this.#letGo(uid, kind);
    await this.#inTurn(`${uid} ${kind}`, async () => {
      const user = this.#user(uid);
      if (user?.[`${kind}Track`]) await this.#client.unsubscribe(user as never, kind);
    });
  }

  /** Not every client can end a subscription that it is still making. */
  #inTurn(track: string, act: () => Promise<void>): Promise<void> {
    const turn = this.#turns.get(track)?.then(act, act) ?? act();
    const over = () => this.#turns.get(track) === turn && this.#turns.delete(track);
    this.#turns.set(track, turn);
    turn.then(over, over);
    return turn;
  }

  show(uid: Uid): void {
    this.#shown = uid;
    this.#stage.raise(uid);
    // Both outputs carry the same mix: they must never be heard together.
    for (const other of this.#uids) {
      if (other !== uid) this.#user(other)?.audioTrack?.stop();
    }
    this.#user(uid)?.audioTrack?.play();
  }

  look(): void {
    this.#reconcile();
    this.#stage.keep();
    const video = this.#client.getRemoteVideoStats?.() ?? {};
    const audio = this.#client.getRemoteAudioStats?.() ?? {};
    this.#findLost();
    for (const [uid, watched] of this.#watched) this.#lookAt(uid, watched, video[uid]?.decodeFrameRate);
    for (const uid of this.#uids) {
      const user = this.#user(uid);
      if (user?.videoTrack) this.#progress(uid, "video", video[uid]?.receiveBytes);
      if (user?.audioTrack) this.#progress(uid, "audio", audio[uid]?.receivePackets);
    }
    // Where the page was never touched, a browser may not let it be heard: the SDK waits for that by itself.
    const heard = this.#user(this.#shown)?.audioTrack;
    if (heard?.isPlaying === false && navigator.userActivation?.hasBeenActive !== false) heard.play();
  }

  /** The application may have ended what was subscribed, or stopped its track; the SDK may have lost it. */
  #findLost(): void {
    if (this.#broken.size > 0 || this.#client.connectionState !== "CONNECTED") return;
    for (const track of this.#given) {
      const [uid, kind] = track.split(" ") as [string, Kind];
      const user = this.#user(Number(uid));
      const found = user?.[`${kind}Track`];
      const isOver = found?.getMediaStreamTrack?.().readyState === "ended";
      if (!user || (found && !isOver)) continue;
      // Or it would be given the same one again.
      if (isOver) void this.unsubscribe(Number(uid), kind).catch(() => {});
      this.#letGo(Number(uid), kind);
      this.#tell({ type: "subscriptionLost", uid: Number(uid), kind });
    }
  }

  #lookAt(uid: Uid, watched: Watched, decodeFrameRate = 0): void {
    if (performance.now() - watched.since < STARTS_MS) return;
    const video = watched.video();
    if (!video) {
      // The application has stopped it, or taken its element away.
      this.#user(uid)?.videoTrack?.stop();
      this.#play(uid);
      return;
    }
    // What was out of the page has paused.
    if (video.isConnected && video.paused) video.play()?.catch(() => {});
    // A browser may not let it play before the viewer has touched the page: then nothing can be said of the outputs.
    this.#onPath(`playing ${uid}`, !video.isConnected || !video.paused);
    const decoded = video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
    const isDecoding = decoded > watched.decoded + 1 || decodeFrameRate > 0;
    watched.decoded = decoded;
    // What is decoded is not presented, or nobody tells: the page may be out of sight, as in a frame that is scrolled away.
    const isUnseen = !watched.wasSeen() && isDecoding;
    const tell = (state: MediaState) => this.#tell({ type: "state", uid, kind: "video", state });
    if (isUnseen && !watched.isUnseen) tell("stopped");
    if (isUnseen) tell("decoding");
    watched.isUnseen = isUnseen;
  }

  #progress(uid: Uid, kind: Kind, count: number | undefined): void {
    if (count === undefined) return;
    const key = `${uid} ${kind}`;
    const before = this.#counts.get(key);
    this.#counts.set(key, count);
    // A counter that begins anew is one that moves.
    if (before !== undefined) this.#tell({ type: "progress", uid, kind, advanced: count !== before });
  }

  #play(uid: Uid): void {
    const track = this.#user(uid)?.videoTrack;
    if (!track) return;
    this.#unwatch(uid);
    const onState = (state: number) => {
      const name = STATES[state];
      if (name) this.#tell({ type: "state", uid, kind: "video", state: name });
    };
    track.on("video-state-changed", onState);
    const layer = this.#stage.layer(uid);
    track.play(layer, { fit: this.#fit });
    let watched: HTMLVideoElement | null = null;
    let stopFrames: (() => void) | undefined;
    let isSeen = false;
    const onFrame = () => {
      isSeen = true;
      this.#tell({ type: "frame", uid });
    };
    // Having rebuilt the viewer's media path, the SDK puts a new element after the one that shows the last frame.
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
    const wasSeen = () => {
      const was = isSeen;
      isSeen = false;
      return was;
    };
    // A browser that does not tell of frames does not let the SDK tell of its states either.
    const onFirst = () => {
      if (!stopFrames) this.#tell({ type: "state", uid, kind: "video", state: "decoding" });
    };
    track.on("first-frame-decoded", onFirst);
    const stop = () => {
      track.off("video-state-changed", onState as (...args: never[]) => void);
      track.off("first-frame-decoded", onFirst);
      stopFrames?.();
    };
    this.#watched.set(uid, { video, wasSeen, decoded: 0, isUnseen: false, since: performance.now(), stop });
  }

  /** What was published is so no more, and what was asked of it ends with it. */
  #lose(user: Pick<AgoraUser, "uid">, kind: Kind): void {
    this.#published.delete(`${user.uid} ${kind}`);
    // Whatever is being asked for may never come.
    this.#turns.delete(`${user.uid} ${kind}`);
    this.#letGo(Number(user.uid), kind);
  }

  #letGo(uid: Uid, kind: Kind): void {
    this.#asked.delete(`${uid} ${kind}`);
    this.#given.delete(`${uid} ${kind}`);
    if (kind === "video") this.#unwatch(uid);
    // The SDK does not tell that it has got through to what is not asked for any more.
    if (!KINDS.some((one) => this.#asked.has(`${uid} ${one}`))) this.#onReconnect(uid, true);
  }

  #unwatch(uid: Uid): void {
    this.#watched.get(uid)?.stop();
    this.#watched.delete(uid);
    this.#counts.delete(`${uid} video`);
    this.#onPath(`playing ${uid}`, true);
  }

  // ---- what the SDK tells --------------------------------------------------------------------------------------

  #user(uid: Uid | undefined): AgoraUser | undefined {
    return this.#client.remoteUsers.find((user) => Number(user.uid) === uid);
  }

  #about(user: Pick<AgoraUser, "uid">, signal: (uid: Uid) => Signal): void {
    const uid = Number(user.uid);
    if (this.#uids.has(uid)) this.#tell(signal(uid));
  }

  /** Events may have come before we listened, and some never come. */
  #reconcile(): void {
    for (const user of this.#client.remoteUsers) {
      if (user.hasAudio) this.#onPublished(user, "audio");
      if (user.hasVideo) this.#onPublished(user, "video");
    }
  }

  #onLeft(user: Pick<AgoraUser, "uid">, reason?: string): void {
    const known = reason !== undefined && reason in LEFT ? LEFT[reason as keyof typeof LEFT] : "unknown";
    for (const kind of KINDS) this.#lose(user, kind);
    this.#about(user, (uid) => ({ type: "left", uid, how: known }));
  }

  #onPublished(user: AgoraUser, kind: string): void {
    const key = `${user.uid} ${kind}`;
    if ((kind !== "audio" && kind !== "video") || this.#published.has(key)) return;
    this.#published.add(key);
    this.#about(user, (uid) => ({ type: "published", uid, kind }));
  }

  #onUnpublished(user: AgoraUser, kind: string): void {
    if (kind !== "audio" && kind !== "video") return;
    this.#lose(user, kind);
    this.#about(user, (uid) => ({ type: "unpublished", uid, kind }));
  }

  #onInfo(uid: string | number, what: string): void {
    const [, un, mute, kind] = /^(un|en|dis)?(mute|able-local)-(audio|video)$/.exec(what) ?? [];
    if (kind !== "audio" && kind !== "video") return;
    const muted = mute === "mute" ? un !== "un" : un === "dis";
    if (this.#uids.has(Number(uid))) this.#tell({ type: "muted", uid: Number(uid), kind, muted });
  }

  #onException(code: number, uid: string | number): void {
    if (code === 1005 && this.#uids.has(Number(uid))) this.#tell({ type: "decodeFailed", uid: Number(uid) });
  }

  #onConnection(state: string, reason?: string): void {
    const closed = state === "DISCONNECTED" && /BANNED|UID_CONFLICT/.test(reason ?? "");
    const connection = state === "CONNECTED" ? "connected" : closed ? "closed" : "reconnecting";
    this.#tell({ type: "connection", state: connection });
    if (connection === "connected") this.#reconcile();
    if (state === "DISCONNECTED") this.#forget();
  }

  /** Having left the channel, the SDK forgets who was there, and tells nobody: they may be there again after the next join. */
  #forget(): void {
    for (const uid of this.#uids) {
      if (KINDS.some((kind) => this.#published.has(`${uid} ${kind}`))) this.#onLeft({ uid });
    }
    this.#published.clear();
    this.#counts.clear();
    this.#onPath("peer", true);
  }

  #onPeer(state: string): void {
    if (state === "disconnected" || state === "failed") this.#onPath("peer", false);
    if (state === "connected") this.#onPath("peer", true);
  }

  #onReconnect(uid: string | number, whole: boolean): void {
    if (this.#uids.has(Number(uid))) this.#onPath(`uid ${uid}`, whole);
  }

  #onPath(part: string, whole: boolean): void {
    const wasWhole = this.#broken.size === 0;
    if (whole) this.#broken.delete(part);
    else this.#broken.add(part);
    const isWhole = this.#broken.size === 0;
    if (isWhole !== wasWhole) this.#tell({ type: "mediaPath", whole: isWhole });
  }

  #onFallback(uid: string | number, what: string): void {
    const state = what === "fallback" ? FALLBACK : FALLBACK_OVER;
    if (this.#uids.has(Number(uid))) this.#tell({ type: "state", uid: Number(uid), kind: "video", ...state });
  }

  #onQuality({ downlinkNetworkQuality }: { downlinkNetworkQuality: number }): void {
    this.#tell({ type: "badNetwork", bad: downlinkNetworkQuality >= 5 });
  }
}
