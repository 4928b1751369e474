import type { RtcSource } from "./source.js";
import { Stage, watchFrames } from "./stage.js";
import type { Kind, MediaState, Signal, Uid } from "./types.js";

/** The part of a remote video track of `agora-rtc-sdk-ng` 4.x that is used. */
export interface AgoraVideoTrack {
  play(element: HTMLElement, options?: { fit?: "cover" | "contain" | "fill" }): void;
  on(event: "video-state-changed", listener: (state: number) => void): unknown;
  on(event: "first-frame-decoded", listener: () => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
}

/** The part of a remote audio track that is used. */
export interface AgoraAudioTrack {
  play(): void;
  stop(): void;
}

/** The part of a remote user that is used. */
export interface AgoraUser {
  uid: string | number;
  hasVideo: boolean;
  hasAudio: boolean;
  videoTrack?: AgoraVideoTrack | undefined;
  audioTrack?: AgoraAudioTrack | undefined;
}

/** The part of a client that is used: pass the app's own, of any 4.x version. */
export interface AgoraClient {
  readonly remoteUsers: AgoraUser[];
  readonly connectionState: string;
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
  subscribe(user: never, kind: Kind): Promise<unknown>;
  unsubscribe(user: never, kind?: Kind): Promise<void>;
  getRemoteVideoStats?(): Record<string, { receiveBytes?: number }>;
  getRemoteAudioStats?(): Record<string, { receivePackets?: number }>;
}

export interface AgoraWebOptions {
  /** Where the picture goes: an element with a size. */
  container: HTMLElement;
  /** The outputs that are meant; everybody else in the channel is left alone. */
  uids: readonly Uid[];
  /** How the picture fits. Default `contain`. */
  fit?: "cover" | "contain" | "fill";
}

const STATES: MediaState[] = ["stopped", "starting", "decoding", "frozen", "failed"];
const LEFT = { Quit: "quit", ServerTimeOut: "timedOut", BecomeAudience: "becameAudience" } as const;

/** Agora's Web SDK 4.x. Attach it before `join`, or after: it begins with who is there. */
export function agoraWeb(client: AgoraClient, options: AgoraWebOptions): RtcSource {
  return new AgoraWeb(client, options);
}

class AgoraWeb implements RtcSource {
  readonly #client: AgoraClient;
  readonly #uids: ReadonlySet<Uid>;
  readonly #stage: Stage;
  readonly #fit: "cover" | "contain" | "fill";
  readonly #watched = new Map<Uid, () => void>();
  /** One subscription at a time for each track. */
  readonly #asked = new Map<string, Promise<void>>();
  readonly #bytes = new Map<string, number>();
  #shown: Uid | undefined;
  #tell: (signal: Signal) => void = () => {};

  constructor(client: AgoraClient, { container, uids, fit = "contain" }: AgoraWebOptions) {
    this.#client = client;
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
      ["peerconnection-state-change", (now: string) => this.#onPath(now)],
      ["media-reconnect-start", () => tell({ type: "mediaPath", whole: false })],
      ["media-reconnect-end", () => tell({ type: "mediaPath", whole: true })],
      ["network-quality", (quality: { downlinkNetworkQuality: number }) => this.#onQuality(quality)],
      ["stream-fallback", (_: unknown, what: string) => tell({ type: "badNetwork", bad: what === "fallback" })],
    ];
    for (const [event, listener] of listeners) this.#client.on(event, listener);
    this.#onConnection(this.#client.connectionState);
    this.#reconcile();
    return () => {
      for (const [event, listener] of listeners) this.#client.off(event, listener);
      for (const stop of this.#watched.values()) stop();
      this.#watched.clear();
      this.#tell = () => {};
    };
  }

  subscribe(uid: Uid, kind: Kind): Promise<void> {
    const key = `${uid} ${kind}`;
    const under = this.#asked.get(key);
    if (under) return under;
    const asked = this.#subscribe(uid, kind).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  async #subscribe(uid: Uid, kind: Kind): Promise<void> {
    const user = this.#user(uid);
    if (!user) throw new Error(`uid ${uid} is not in the channel`);
    await this.#client.subscribe(user as never, kind);
    if (kind === "video") this.#play(uid, user);
    else if (this.#shown === uid) user.audioTrack?.play();
  }

  async unsubscribe(uid: Uid, kind: Kind): Promise<void> {
    if (kind === "video") this.#unwatch(uid);
    const user = this.#user(uid);
    if (user) await this.#client.unsubscribe(user as never, kind);
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
    const video = this.#client.getRemoteVideoStats?.() ?? {};
    const audio = this.#client.getRemoteAudioStats?.() ?? {};
    for (const uid of this.#uids) {
      const user = this.#user(uid);
      if (user?.videoTrack) this.#progress(uid, "video", video[uid]?.receiveBytes);
      if (user?.audioTrack) this.#progress(uid, "audio", audio[uid]?.receivePackets);
    }
  }

  #progress(uid: Uid, kind: Kind, count: number | undefined): void {
    if (count === undefined) return;
    const key = `${uid} ${kind}`;
    const before = this.#bytes.get(key);
    this.#bytes.set(key, count);
    // A counter that begins anew is one that moves.
    if (before !== undefined) this.#tell({ type: "progress", uid, kind, advanced: count !== before });
  }

  #play(uid: Uid, user: AgoraUser): void {
    const track = user.videoTrack;
    if (!track) return;
    this.#unwatch(uid);
    const onState = (state: number) => {
      const name = STATES[state];
      if (name) this.#tell({ type: "state", uid, kind: "video", state: name });
    };
    const onFirst = () => this.#tell({ type: "state", uid, kind: "video", state: "decoding" });
    track.on("video-state-changed", onState);
    track.on("first-frame-decoded", onFirst);
    const layer = this.#stage.layer(uid);
    track.play(layer, { fit: this.#fit });
    const video = layer.querySelector("video");
    const stopFrames = video ? watchFrames(video, () => this.#tell({ type: "frame", uid })) : () => {};
    this.#watched.set(uid, () => {
      track.off("video-state-changed", onState as (...args: never[]) => void);
      track.off("first-frame-decoded", onFirst);
      stopFrames();
    });
  }

  #unwatch(uid: Uid): void {
    this.#watched.get(uid)?.();
    this.#watched.delete(uid);
    this.#bytes.delete(`${uid} video`);
  }

  // ---- what the SDK tells --------------------------------------------------------------------------------------

  #user(uid: Uid): AgoraUser | undefined {
    return this.#client.remoteUsers.find((user) => user.uid === uid);
  }

  #about(user: AgoraUser, signal: (uid: Uid) => Signal): void {
    const uid = Number(user.uid);
    if (this.#uids.has(uid)) this.#tell(signal(uid));
  }

  /** Events may have come before we listened, or not at all. */
  #reconcile(): void {
    for (const user of this.#client.remoteUsers) {
      this.#about(user, (uid) => ({ type: "joined", uid }));
      if (user.hasAudio) this.#about(user, (uid) => ({ type: "published", uid, kind: "audio" }));
      if (user.hasVideo) this.#about(user, (uid) => ({ type: "published", uid, kind: "video" }));
    }
  }

  #onLeft(user: AgoraUser, reason: string | undefined): void {
    const known = reason !== undefined && reason in LEFT ? LEFT[reason as keyof typeof LEFT] : "unknown";
    this.#unwatch(Number(user.uid));
    this.#about(user, (uid) => ({ type: "left", uid, how: known }));
  }

  #onPublished(user: AgoraUser, kind: string): void {
    if (kind === "audio" || kind === "video") this.#about(user, (uid) => ({ type: "published", uid, kind }));
  }

  #onUnpublished(user: AgoraUser, kind: string): void {
    if (kind === "video") this.#unwatch(Number(user.uid));
    if (kind === "audio" || kind === "video") this.#about(user, (uid) => ({ type: "unpublished", uid, kind }));
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
  }

  #onPath(state: string): void {
    if (state === "disconnected" || state === "failed") this.#tell({ type: "mediaPath", whole: false });
    if (state === "connected") this.#tell({ type: "mediaPath", whole: true });
  }

  #onQuality({ downlinkNetworkQuality }: { downlinkNetworkQuality: number }): void {
    this.#tell({ type: "badNetwork", bad: downlinkNetworkQuality >= 5 });
  }
}
