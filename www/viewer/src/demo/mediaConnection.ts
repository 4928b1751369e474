import type { Kind, Uid } from "steadymix/viewer";

/** Statistics of received media, by uid. */
export interface Stats {
  video: Record<string, { receiveBytes: number; decodeFrameRate: number }>;
  audio: Record<string, { receivePackets: number }>;
}

/** One track of the connection. */
interface Path {
  transceiver: RTCRtpTransceiver;
  sent: MediaStreamTrack;
  received: MediaStreamTrack | undefined;
}

/**
 * One WebRTC connection for all media that this viewer receives, as in the SDK.
 *
 * The transceiver of a removed track becomes inactive and is reused for the next track of that uid: in Firefox, stopping a
 * transceiver breaks the media of the others.
 */
export class MediaConnection {
  readonly #sender = new RTCPeerConnection();
  readonly #receiver = new RTCPeerConnection();
  readonly #paths = new Map<string, Path>();
  /** Decoded frames up to the last poll, by mid. */
  #decoded = new Map<string, number>();
  /** Changes of the connection run one after the other. */
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
      const key = `${uid} ${kind}`;
      const known = this.#paths.get(key)?.transceiver;
      if (known) known.direction = "sendonly";
      const transceiver = known ?? this.#sender.addTransceiver(kind, { direction: "sendonly", sendEncodings: [{}] });
      const path: Path = { transceiver, sent: track, received: undefined };
      this.#paths.set(key, path);
      await setSending(path, sends);
      await this.#negotiate();
      const receiver = this.#receiver.getTransceivers().find(({ mid }) => mid === transceiver.mid)?.receiver;
      if (!receiver) throw new Error("the connection carries no such track");
      // A clone, because the application may stop the track for good.
      path.received = receiver.track.clone();
      return path.received;
    });
  }

  remove(uid: Uid, kind: Kind): Promise<void> {
    return this.#inTurn(async () => {
      const path = this.#paths.get(`${uid} ${kind}`);
      if (path?.transceiver.direction !== "sendonly") return;
      path.received?.stop();
      path.transceiver.direction = "inactive";
      await path.transceiver.sender.replaceTrack(null);
      await this.#negotiate();
    });
  }

  /** Starts or stops sending the packets of an output. */
  send(uid: Uid, sends: boolean, kinds: readonly Kind[] = ["audio", "video"]): void {
    void this.#inTurn(() =>
      Promise.all(
        kinds.map(async (kind) => {
          const path = this.#paths.get(`${uid} ${kind}`);
          if (path?.transceiver.direction === "sendonly") await setSending(path, sends);
        }),
      ),
    ).catch(() => {});
  }

  /** Statistics so far. Called once a second: `decodeFrameRate` counts the frames since the last call. */
  async pollStats(): Promise<Stats> {
    const report = await this.#receiver.getStats();
    const byMid = new Map<string, RTCInboundRtpStreamStats>();
    for (const stats of report.values()) if (stats.type === "inbound-rtp") byMid.set(stats.mid, stats);
    const { video, audio }: Stats = { video: {}, audio: {} };
    const decoded = new Map<string, number>();
    for (const [key, { transceiver }] of this.#paths) {
      if (transceiver.direction !== "sendonly") continue;
      const [uid = "", kind] = key.split(" ");
      const mid = transceiver.mid ?? "";
      const stats = byMid.get(mid);
      if (kind === "video") {
        const frames = stats?.framesDecoded ?? 0;
        decoded.set(mid, frames);
        const decodeFrameRate = Math.max(0, frames - (this.#decoded.get(mid) ?? frames));
        video[uid] = { receiveBytes: stats?.bytesReceived ?? 0, decodeFrameRate };
      } else audio[uid] = { receivePackets: stats?.packetsReceived ?? 0 };
    }
    this.#decoded = decoded;
    return { video, audio };
  }

  close(): void {
    for (const { received } of this.#paths.values()) received?.stop();
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

/** Without a track, Firefox sends a black frame a second; with inactive encodings, it still sends audio. */
async function setSending({ transceiver: { sender }, sent }: Path, sends: boolean): Promise<void> {
  await sender.replaceTrack(sends ? sent : null);
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.active = sends;
  await sender.setParameters(parameters);
}

function description(connection: RTCPeerConnection): RTCSessionDescription {
  if (!connection.localDescription) throw new Error("the connection was closed");
  return connection.localDescription;
}
