/**
 * Agora's Web SDK without Agora: a genuine client. The test acts as its gateway, and its media arrive over a connection inside
 * the page. Handlers, the order of events, and the tracks are the SDK's own.
 *
 * This uses private parts of agora-rtc-sdk-ng 4.24.8. No other file does.
 */
import { RemoteAudioTrack, RemoteVideoTrack } from "@agora-js/media";
import { createClient, type IAgoraRTCClient, type IAgoraRTCRemoteUser, setLogLevel } from "agora-rtc-sdk-ng/esm";
import type { Kind, Uid } from "steadymix/viewer";
import { MediaConnection, type Stats } from "../../../www/viewer/src/demo/mediaConnection.ts";
import type { Studio } from "../../../www/viewer/src/demo/studio.ts";

interface PrivateUser extends IAgoraRTCRemoteUser {
  uid: Uid;
  _videoTrack?: RemoteVideoTrack | undefined;
  _audioTrack?: RemoteAudioTrack | undefined;
}

interface PrivateClient {
  store: ConstructorParameters<typeof RemoteVideoTrack>[3];
  _joinInfo: object;
  _gateway: {
    signal: { emit(event: string, payload: object): void };
    emit(event: string, ...args: unknown[]): void;
    subscribe(): Promise<void>;
    unsubscribe(): Promise<void>;
  };
  _p2pChannel: Record<string, unknown>;
  emit(event: string, ...args: unknown[]): void;
}

setLogLevel(3);

export class Gateway {
  readonly client: IAgoraRTCClient = createClient({ mode: "live", codec: "vp8", role: "audience" });
  readonly #private = this.client as unknown as PrivateClient;
  readonly #media = new MediaConnection(() => {});
  readonly #studios = new Map<Uid, Studio>();
  readonly #silent = new Set<Uid>();
  readonly #statsTimer: number;
  #state = "CONNECTED";
  #stats: Stats = { video: {}, audio: {} };
  /** The calls of subscribe and unsubscribe, in order. */
  readonly calls: string[] = [];

  constructor() {
    this.#takeOver();
    this.#statsTimer = window.setInterval(async () => {
      this.#stats = await this.#media.pollStats();
    }, 1000);
  }

  #takeOver(): void {
    const { _gateway: gateway, _p2pChannel: channel } = this.#private;
    for (const [what, part] of Object.entries({ gateway, signal: gateway?.signal, channel })) {
      if (!part) throw new Error(`agora-rtc-sdk-ng no longer has ${what}: this helper is for 4.24.8`);
    }
    this.#private._joinInfo = {};
    Object.defineProperty(gateway, "state", { get: () => this.#state });
    gateway.subscribe = async () => {};
    gateway.unsubscribe = async () => {};
    Object.assign(channel, {
      hasRemoteMediaWithLock: async () => false,
      hasPendingRemoteMedia: () => false,
      isPreSubScribe: () => true,
      remoteMediaSsrcChanged: async () => false,
      reportSubscribeEvent: () => {},
      republish: () => {},
      muteRemote: async (user: PrivateUser, kind: Kind) => this.#tearDown(user, kind),
      unmuteRemote: async () => {},
      disconnectForReconnect: async () => {},
      reset: () => {},
      subscribe: (user: PrivateUser, kind: Kind) => this.#receive(user, kind),
      // Both kinds at the same time: an output that returns in the meantime must not lose its new tracks.
      unsubscribe: async (user: PrivateUser, kind?: Kind) => {
        const kinds: Kind[] = kind ? [kind] : ["audio", "video"];
        await Promise.all(kinds.map((one) => this.#tearDown(user, one)));
      },
    });
    Object.assign(this.client, {
      getRemoteVideoStats: () => this.#stats.video,
      getRemoteAudioStats: () => this.#stats.audio,
    });
    const { subscribe, unsubscribe } = this.client;
    Object.assign(this.client, {
      subscribe: (user: PrivateUser, kind: Kind) => {
        this.calls.push(`subscribe ${user.uid} ${kind}`);
        return subscribe.call(this.client, user, kind);
      },
      unsubscribe: (user: PrivateUser, kind: Kind) => {
        this.calls.push(`unsubscribe ${user.uid} ${kind}`);
        return unsubscribe.call(this.client, user, kind);
      },
    });
  }

  async #receive(user: PrivateUser, kind: Kind): Promise<void> {
    const studio = this.#studios.get(user.uid);
    if (!studio) throw new Error(`there is no output ${user.uid}`);
    const track = await this.#media.add(user.uid, kind, studio[kind], !this.#silent.has(user.uid));
    // A track that was kept, as after a media reconnect, continues with the new media.
    if (kind === "video" && user._videoTrack) await user._videoTrack._updateOriginMediaStreamTrack(track);
    else if (kind === "video") user._videoTrack = new RemoteVideoTrack(track, user.uid, user.uid, this.#private.store);
    else user._audioTrack = new RemoteAudioTrack(track, user.uid, user.uid, this.#private.store);
  }

  async #tearDown(user: PrivateUser, kind: Kind): Promise<void> {
    if (kind === "video") {
      user._videoTrack?._destroy();
      user._videoTrack = undefined;
    } else {
      user._audioTrack?._destroy();
      user._audioTrack = undefined;
    }
    await this.#media.remove(user.uid, kind);
  }

  // ---- the service and the outputs -----------------------------------------------------------------------------

  join(uid: Uid, studio: Studio): void {
    this.#studios.set(uid, studio);
    this.signal("on_user_online", { uid });
    this.signal("on_add_audio_stream", { uid, ssrcId: uid * 2, uint_id: uid });
    this.signal("on_add_video_stream", { uid, ssrcId: uid * 2 + 1, uint_id: uid });
  }

  /** These outputs stop sending. */
  silence(uids: Uid[], kinds: Kind[] = ["audio", "video"]): void {
    for (const uid of uids) {
      this.#silent.add(uid);
      this.#media.send(uid, false, kinds);
    }
  }

  resume(uids: Uid[]): void {
    for (const uid of uids) {
      this.#silent.delete(uid);
      this.#media.send(uid, true);
    }
  }

  /** Emits a message of the gateway. */
  signal(event: string, payload: object): void {
    this.#private._gateway.signal.emit(event, payload);
  }

  /** Emits an event that the SDK derives from sources that do not exist here. */
  emit(event: string, ...args: unknown[]): void {
    this.#private.emit(event, ...args);
  }

  /** A media reconnect, as by the SDK's `disconnectForReconnect` and `reSubscribe`. */
  async rebuild(uids: Uid[]): Promise<void> {
    const users = this.client.remoteUsers.filter(({ uid }) => uids.includes(Number(uid))) as PrivateUser[];
    for (const { uid, _videoTrack: track } of users) {
      const player = track?._player;
      player?.getVideoElement()?.pause();
      if (player) player.isKeepLastFrame = true;
      track?._originMediaStreamTrack.stop();
      this.emit("media-reconnect-start", uid);
      await this.#media.remove(uid, "video");
    }
    for (const user of users) {
      await this.#receive(user, "video");
      this.emit("media-reconnect-end", user.uid);
    }
  }

  connection(state: string, reason?: string): void {
    const before = this.#state;
    this.#state = state;
    this.#private._gateway.emit("connection-state-change", state, before, reason);
  }

  /** The viewer leaves the channel, or is removed from it. */
  leave(reason: string): void {
    this.connection("DISCONNECTED", reason);
    for (const uid of this.#studios.keys())
      for (const kind of ["audio", "video"] as const) void this.#media.remove(uid, kind);
  }

  /** The viewer joins again on the same client. Users in the channel are announced again. */
  joinAgain(): void {
    this.#private._joinInfo = {};
    this.connection("CONNECTED");
    for (const [uid, studio] of this.#studios) this.join(uid, studio);
  }

  close(): void {
    window.clearInterval(this.#statsTimer);
    for (const studio of this.#studios.values()) studio.stop();
    this.#media.close();
  }
}
