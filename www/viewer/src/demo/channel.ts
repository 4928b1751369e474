/**
 * An emulated channel inside the page. Media goes through a real WebRTC connection; the client emits the events of Agora's Web SDK,
 * with the same delays.
 */
import type { AgoraClient, AgoraUser, Kind, Uid } from "steadymix/viewer";
import { MediaConnection, type Stats } from "./mediaConnection.ts";
import type { Studio } from "./studio.ts";
import { AudioTrack, VideoTrack } from "./tracks.ts";

/** The service unpublishes a user that sends no packets for this long, and removes a user without a heartbeat. */
export const NO_PACKETS_TIMEOUT_MS = 10_000;
export const NO_HEARTBEAT_TIMEOUT_MS = 20_000;
/** Round trip to the service. */
const SIGNAL_MS = 60;
const STATS_INTERVAL_MS = 1000;

type Listener = (...args: never[]) => void;

interface User extends AgoraUser {
  uid: Uid;
  videoTrack?: VideoTrack | undefined;
  audioTrack?: AudioTrack | undefined;
}

/** An output that publishes. */
interface Publisher {
  studio: Studio;
  /** Whether it sends packets. */
  sends: boolean;
  timers: number[];
}

export class Channel implements AgoraClient {
  readonly remoteUsers: User[] = [];
  connectionState = "CONNECTED";
  /** Called when the browser blocked audio. */
  onAutoplayFailed: (() => void) | undefined;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #publishers = new Map<Uid, Publisher>();
  /** The latest subscription of each track, until it is cancelled. */
  readonly #subscriptions = new Map<string, object>();
  readonly #media: MediaConnection;
  readonly #statsTimer: number;
  #stats: Stats = { video: {}, audio: {} };
  #networkIsDown = false;

  constructor() {
    this.#media = new MediaConnection((state, before) => this.#emit("peerconnection-state-change", state, before));
    this.#statsTimer = window.setInterval(async () => {
      this.#stats = await this.#media.pollStats();
    }, STATS_INTERVAL_MS);
  }

  on(event: string, listener: Listener): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
  }

  off(event: string, listener: Listener): void {
    this.#listeners.get(event)?.delete(listener);
  }

  async subscribe(user: AgoraUser, kind: Kind): Promise<void> {
    const uid = Number(user.uid);
    const known = this.#user(uid);
    if (!known) throw new Error("INVALID_REMOTE_USER: user is not in the channel");
    const publisher = this.#publishers.get(uid);
    if (!publisher || !(kind === "video" ? known.hasVideo : known.hasAudio)) {
      throw new Error("INVALID_REMOTE_USER: user is not published");
    }
    if (kind === "video" ? known.videoTrack : known.audioTrack) return;
    const key = `${uid} ${kind}`;
    const subscription = {};
    this.#subscriptions.set(key, subscription);
    await pass(SIGNAL_MS);
    this.#check(key, subscription);
    const sends = publisher.sends && !this.#networkIsDown;
    const track = await this.#media.add(uid, kind, publisher.studio[kind], sends);
    this.#check(key, subscription);
    if (kind === "video") known.videoTrack = new VideoTrack(track);
    else known.audioTrack = new AudioTrack(track, () => this.onAutoplayFailed?.());
  }

  async unsubscribe(user: AgoraUser, kind?: Kind): Promise<void> {
    const known = this.#user(Number(user.uid));
    if (!known) return;
    await Promise.all((kind ? [kind] : (["audio", "video"] as const)).map((one) => this.#release(known, one)));
  }

  getRemoteVideoStats(): Record<string, { receiveBytes: number }> {
    return this.#stats.video;
  }

  getRemoteAudioStats(): Record<string, { receivePackets: number }> {
    return this.#stats.audio;
  }

  close(): void {
    window.clearInterval(this.#statsTimer);
    for (const uid of [...this.#publishers.keys()]) this.#forget(uid);
    this.#media.close();
  }

  // ---- the outputs -----------------------------------------------------------------------------------------------

  /** An output joins and publishes. */
  join(uid: Uid, studio: Studio): void {
    if (this.#publishers.has(uid)) this.leave(uid);
    this.#publishers.set(uid, { studio, sends: true, timers: [] });
    const user: User = { uid, hasVideo: false, hasAudio: false };
    this.remoteUsers.push(user);
    this.#emit("user-joined", user);
    this.#publish(user);
  }

  /** An output leaves gracefully. */
  leave(uid: Uid): void {
    this.#removeUser(uid, "Quit");
  }

  /** An output dies abruptly: the service notices after its timeouts. */
  die(uid: Uid): void {
    this.#silence(uid);
    const publisher = this.#publishers.get(uid);
    publisher?.timers.push(window.setTimeout(() => this.#removeUser(uid, "ServerTimeOut"), NO_HEARTBEAT_TIMEOUT_MS));
  }

  /** An output stays in the channel, but stops sending. */
  freeze(uid: Uid): void {
    this.#silence(uid);
  }

  thaw(uid: Uid): void {
    const publisher = this.#publishers.get(uid);
    const user = this.#user(uid);
    if (!publisher || !user || publisher.sends) return;
    publisher.sends = true;
    for (const timer of publisher.timers.splice(0)) window.clearTimeout(timer);
    if (!this.#networkIsDown) this.#media.send(uid, true);
    if (!user.hasVideo) this.#publish(user);
  }

  has(uid: Uid): boolean {
    return this.#publishers.has(uid);
  }

  /** The viewer's own network is down for a while. */
  disturb(ms: number): void {
    if (this.#networkIsDown) return;
    this.#networkIsDown = true;
    for (const uid of this.#publishers.keys()) this.#media.send(uid, false);
    const quality = (downlinkNetworkQuality: number) =>
      this.#emit("network-quality", { uplinkNetworkQuality: 1, downlinkNetworkQuality });
    window.setTimeout(() => quality(6), Math.min(2000, ms / 2));
    window.setTimeout(() => {
      this.#networkIsDown = false;
      for (const [uid, { sends }] of this.#publishers) if (sends) this.#media.send(uid, true);
      quality(1);
    }, ms);
  }

  // ---- the service -----------------------------------------------------------------------------------------------

  #publish(user: User): void {
    user.hasAudio = true;
    this.#emit("user-published", user, "audio");
    user.hasVideo = true;
    this.#emit("user-published", user, "video");
  }

  #unpublish(user: User): void {
    for (const kind of ["audio", "video"] as const) {
      const had = kind === "video" ? user.hasVideo : user.hasAudio;
      if (kind === "video") user.hasVideo = false;
      else user.hasAudio = false;
      // The SDK destroys the track before it emits the event.
      void this.#release(user, kind);
      if (had) this.#emit("user-unpublished", user, kind);
    }
  }

  #silence(uid: Uid): void {
    const publisher = this.#publishers.get(uid);
    const user = this.#user(uid);
    if (!publisher || !user || !publisher.sends) return;
    publisher.sends = false;
    this.#media.send(uid, false);
    publisher.timers.push(window.setTimeout(() => this.#unpublish(user), NO_PACKETS_TIMEOUT_MS));
  }

  #removeUser(uid: Uid, reason: string): void {
    const user = this.#user(uid);
    if (!user) return;
    this.#unpublish(user);
    this.remoteUsers.splice(this.remoteUsers.indexOf(user), 1);
    this.#forget(uid);
    this.#emit("user-left", user, reason);
  }

  #forget(uid: Uid): void {
    const publisher = this.#publishers.get(uid);
    for (const timer of publisher?.timers ?? []) window.clearTimeout(timer);
    publisher?.studio.stop();
    this.#publishers.delete(uid);
  }

  /** Ends a subscription, or cancels one that is in progress. */
  #release(user: User, kind: Kind): Promise<void> {
    this.#subscriptions.delete(`${user.uid} ${kind}`);
    if (kind === "video") {
      user.videoTrack?.stop();
      user.videoTrack = undefined;
    } else {
      user.audioTrack?.stop();
      user.audioTrack = undefined;
    }
    return this.#media.remove(user.uid, kind);
  }

  #check(key: string, subscription: object): void {
    if (this.#subscriptions.get(key) !== subscription)
      throw new Error("OPERATION_ABORTED: the subscription was cancelled");
  }

  #user(uid: Uid): User | undefined {
    return this.remoteUsers.find((user) => user.uid === uid);
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...(args as never[]));
  }
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, ms));
}
