/** The demonstration's channel alone, driven by the tests. */
import type { Kind, Uid } from "steadymix/viewer";
import { Channel } from "../../../www/viewer/src/demo/channel.ts";
import { Studio } from "../../../www/viewer/src/demo/studio.ts";

const connections: RTCPeerConnection[] = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor() {
    super();
    connections.push(this);
  }
};
const audio = new AudioContext();
const channel = new Channel();

const session = {
  channel,

  join(uid: Uid): void {
    channel.join(uid, new Studio({ label: String(uid), hue: uid % 360, hertz: 262, fps: 15, audio }));
  },

  /** Subscribes to a track and plays it. Resolves with the error if that fails. */
  async subscribe(uid: Uid, kind: Kind): Promise<string> {
    const user = channel.remoteUsers.find((user) => user.uid === uid);
    const screen = document.getElementById("screen");
    try {
      if (!user || !screen) throw new Error("there is no such user");
      await channel.subscribe(user, kind);
      if (kind === "video") user.videoTrack?.play(screen);
      else user.audioTrack?.play();
      return "subscribed";
    } catch (error) {
      return (error as Error).message;
    }
  },

  async unsubscribe(uid: Uid, kind: Kind): Promise<void> {
    const user = channel.remoteUsers.find((user) => user.uid === uid);
    if (user) await channel.unsubscribe(user, kind);
  },

  status() {
    const transceivers = connections[0]?.getTransceivers() ?? [];
    return {
      tracks: channel.remoteUsers.flatMap(({ uid, videoTrack, audioTrack }) => [
        ...(videoTrack ? [`${uid} video`] : []),
        ...(audioTrack ? [`${uid} audio`] : []),
      ]),
      transceivers: transceivers.length,
      sending: transceivers.filter(({ direction }) => direction === "sendonly").length,
      bytes: Object.fromEntries(
        Object.entries(channel.getRemoteVideoStats()).map(([uid, { receiveBytes }]) => [uid, receiveBytes]),
      ),
      packets: Object.fromEntries(
        Object.entries(channel.getRemoteAudioStats()).map(([uid, { receivePackets }]) => [uid, receivePackets]),
      ),
    };
  },
};

declare global {
  interface Window {
    channelSession: typeof session;
  }
}

window.channelSession = session;

export type ChannelSession = typeof session;
