import type { Kind, Uid } from "steadymix/viewer";
import type { Studio } from "./studio.ts";

/** What has come in, by uid. */
export interface Counts {
  video: Record<string, { receiveBytes: number }>;
  audio: Record<string, { receivePackets: number }>;
}

/** One connection for everything that this viewer receives, as the SDK has. */
export class MediaPath {
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
  send(uid: Uid, studio: Studio | undefined, kinds: readonly Kind[] = ["audio", "video"]): void {
    for (const kind of kinds) {
      const transceiver = this.#transceivers.get(`${uid} ${kind}`);
      transceiver?.sender.replaceTrack(studio?.[kind] ?? null).catch(() => {});
    }
  }

  /** What has come in so far. */
  async look(): Promise<Counts> {
    const report = await this.#receiver.getStats();
    const byMid = new Map<string, { bytesReceived: number; packetsReceived: number }>();
    for (const stats of report.values()) if (stats.type === "inbound-rtp") byMid.set(stats.mid, stats);
    const { video, audio }: Counts = { video: {}, audio: {} };
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
