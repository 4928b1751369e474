/**
 * A channel inside the page that stands in for Agora's: what an output sends goes through a real WebRTC connection, and
 * the client tells what Agora's Web SDK would, when it would.
 */
import type { AgoraClient, AgoraUser, Kind, Uid } from "steadymix/viewer";
import type { Studio } from "./studio.ts";
import { AudioTrack, VideoTrack } from "./tracks.ts";

/** When the service notices that somebody died: no packets, and no heartbeat, for this long. */
export const NO_PACKETS_MS = 10_000;
export const NO_HEARTBEAT_MS = 20_000;
/** One way to the service and back. */
const SIGNAL_MS = 60;
const LOOK_MS = 1000;

type Listener = (...args: never[]) => void;

interface User extends AgoraUser {
  uid: Uid;
  videoTrack?: VideoTrack | undefined;
  audioTrack?: AudioTrack | undefined;
}

/** Somebody who publishes. */
interface Publisher {
  studio: Studio;
  /** It is alive, and so are its packets. */
  sends: boolean;
  timers: number[];
}

export class Channel implements AgoraClient {
  readonly remoteUsers: User[] = [];
  connectionState = "CONNECTED";
  /** The browser did not let a sound be played. */
  onAutoplayFailed: (() => void) | undefined;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #publishers = new Map<Uid, Publisher>();
  readonly #path: MediaPath;
  readonly #looks: number;
  #stats: Awaited<ReturnType<MediaPath["look"]>> = { video: {}, audio: {} };
  #networkIsDown = false;

  constructor() {
    this.#path = new MediaPath((state, before) => this.#emit("peerconnection-state-change", state, before));
    this.#looks = window.setInterval(async () => {
      this.#stats = await this.#path.look();
    }, LOOK_MS);
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
    await pass(SIGNAL_MS);
    const sends = publisher.sends && !this.#networkIsDown;
    const track = await this.#path.add(uid, kind, publisher.studio[kind], sends);
    if (kind === "video") known.videoTrack = new VideoTrack(track);
    else known.audioTrack = new AudioTrack(track, () => this.onAutoplayFailed?.());
  }

  async unsubscribe(user: AgoraUser, kind?: Kind): Promise<void> {
    const known = this.#user(Number(user.uid));
    for (const one of kind ? [kind] : (["audio", "video"] as const)) {
      if (known) this.#tearDown(known, one);
      await this.#path.remove(Number(user.uid), one);
    }
  }

  getRemoteVideoStats(): Record<string, { receiveBytes: number }> {
    return this.#stats.video;
  }

  getRemoteAudioStats(): Record<string, { receivePackets: number }> {
    return this.#stats.audio;
  }

  close(): void {
    window.clearInterval(this.#looks);
    for (const uid of [...this.#publishers.keys()]) this.#forget(uid);
    this.#path.close();
  }

  // ---- what happens to the outputs -----------------------------------------------------------------------------

  /** An output joins, and publishes. */
  join(uid: Uid, studio: Studio): void {
    if (this.#publishers.has(uid)) this.leave(uid);
    this.#publishers.set(uid, { studio, sends: true, timers: [] });
    const user: User = { uid, hasVideo: false, hasAudio: false };
    this.remoteUsers.push(user);
    this.#emit("user-joined", user);
    this.#publish(user);
  }

  /** It says goodbye, and goes. */
  leave(uid: Uid): void {
    this.#goes(uid, "Quit");
  }

  /** It dies without a word. The service notices in its own time. */
  die(uid: Uid): void {
    this.#silence(uid);
    const publisher = this.#publishers.get(uid);
    publisher?.timers.push(window.setTimeout(() => this.#goes(uid, "ServerTimeOut"), NO_HEARTBEAT_MS));
  }

  /** It lives, but sends nothing any more. */
  freeze(uid: Uid): void {
    this.#silence(uid);
  }

  thaw(uid: Uid): void {
    const publisher = this.#publishers.get(uid);
    const user = this.#user(uid);
    if (!publisher || !user || publisher.sends) return;
    publisher.sends = true;
    for (const timer of publisher.timers.splice(0)) window.clearTimeout(timer);
    if (!this.#networkIsDown) this.#path.send(uid, publisher.studio);
    if (!user.hasVideo) this.#publish(user);
  }

  has(uid: Uid): boolean {
    return this.#publishers.has(uid);
  }

  /** The viewer's own network carries nothing for a while. */
  disturb(ms: number): void {
    if (this.#networkIsDown) return;
    this.#networkIsDown = true;
    for (const uid of this.#publishers.keys()) this.#path.send(uid, undefined);
    const quality = (downlinkNetworkQuality: number) =>
      this.#emit("network-quality", { uplinkNetworkQuality: 1, downlinkNetworkQuality });
    window.setTimeout(() => quality(6), Math.min(2000, ms / 2));
    window.setTimeout(() => {
      this.#networkIsDown = false;
      for (const [uid, { studio, sends }] of this.#publishers) if (sends) this.#path.send(uid, studio);
      quality(1);
    }, ms);
  }

  // ---- what the service tells ----------------------------------------------------------------------------------

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
      // The SDK takes the track away before it tells.
      this.#tearDown(user, kind);
      void this.#path.remove(user.uid, kind);
      if (had) this.#emit("user-unpublished", user, kind);
    }
  }

  #silence(uid: Uid): void {
    const publisher = this.#publishers.get(uid);
    const user = this.#user(uid);
    if (!publisher || !user || !publisher.sends) return;
    publisher.sends = false;
    this.#path.send(uid, undefined);
    publisher.timers.push(window.setTimeout(() => this.#unpublish(user), NO_PACKETS_MS));
  }

  #goes(uid: Uid, reason: string): void {
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

  #tearDown(user: User, kind: Kind): void {
    if (kind === "video") {
      user.videoTrack?.stop();
      user.videoTrack = undefined;
    } else {
      user.audioTrack?.stop();
      user.audioTrack = undefined;
    }
  }

  #user(uid: Uid): User | undefined {
    return this.remoteUsers.find((user) => user.uid === uid);
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...(args as never[]));
  }
}

/** One connection for everything that this viewer receives, as the SDK has. */
class MediaPath {
  readonly #sender = new RTCPeerConnection();
  readonly #receiver = new RTCPeerConnection();
  readonly #transceivers = new Map<string, RTCRtpTransceiver>();
  /** Changes of the connection go one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(onState: (state: RTCPeerConnectionState, before: RTCPeerConnectionState) => void) {
    connect(this.#sender, this.#receiver);
    connect(this.#receiver, this.#sender);
    let before = this.#receiver.connectionState;
    this.#receiver.addEventListener("connectionstatechange", () => {
      const state = this.#receiver.connectionState;
      onState(state, before);
      before = state;
    });
  }

  add(uid: Uid, kind: Kind, track: MediaStreamTrack, sends: boolean): Promise<MediaStreamTrack> {
    return this.#inTurn(async () => {
      const transceiver = this.#sender.addTransceiver(sends ? track : kind, { direction: "sendonly" });
      this.#transceivers.set(`${uid} ${kind}`, transceiver);
      await this.#negotiate();
      const received = this.#receiver.getTransceivers().find(({ mid }) => mid === transceiver.mid);
      if (!received) throw new Error("the connection carries no such track");
      return received.receiver.track;
    });
  }

  remove(uid: Uid, kind: Kind): Promise<void> {
    return this.#inTurn(async () => {
      const key = `${uid} ${kind}`;
      const transceiver = this.#transceivers.get(key);
      if (!transceiver) return;
      this.#transceivers.delete(key);
      transceiver.stop();
      await this.#negotiate();
    });
  }

  /** What this output sends from now on, if anything. */
  send(uid: Uid, studio: Studio | undefined): void {
    for (const kind of ["audio", "video"] as const) {
      const transceiver = this.#transceivers.get(`${uid} ${kind}`);
      transceiver?.sender.replaceTrack(studio?.[kind] ?? null).catch(() => {});
    }
  }

  /** What has come in so far. */
  async look(): Promise<{
    video: Record<string, { receiveBytes: number }>;
    audio: Record<string, { receivePackets: number }>;
  }> {
    const report = await this.#receiver.getStats();
    const byMid = new Map<string, { bytesReceived: number; packetsReceived: number }>();
    for (const stats of report.values()) if (stats.type === "inbound-rtp") byMid.set(stats.mid, stats);
    const video: Record<string, { receiveBytes: number }> = {};
    const audio: Record<string, { receivePackets: number }> = {};
    for (const [key, { mid }] of this.#transceivers) {
      const [uid = "", kind] = key.split(" ");
      const stats = byMid.get(mid ?? "");
      if (kind === "video") video[uid] = { receiveBytes: stats?.bytesReceived ?? 0 };
      else audio[uid] = { receivePackets: stats?.packetsReceived ?? 0 };
    }
    return { video, audio };
  }

  close(): void {
    this.#sender.close();
    this.#receiver.close();
  }

  async #negotiate(): Promise<void> {
    if (this.#sender.signalingState === "closed") return;
    await this.#sender.setLocalDescription();
    await this.#receiver.setRemoteDescription(description(this.#sender));
    await this.#receiver.setLocalDescription();
    await this.#sender.setRemoteDescription(description(this.#receiver));
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(change);
    this.#queue = turn.catch(() => {});
    return turn;
  }
}

function connect(from: RTCPeerConnection, to: RTCPeerConnection): void {
  from.addEventListener("icecandidate", ({ candidate }) => {
    if (candidate && to.signalingState !== "closed") to.addIceCandidate(candidate).catch(() => {});
  });
}

function description(connection: RTCPeerConnection): RTCSessionDescription {
  if (!connection.localDescription) throw new Error("the connection was closed");
  return connection.localDescription;
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, ms));
}
