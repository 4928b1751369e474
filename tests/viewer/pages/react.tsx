/** The React part on Agora's Web SDK, driven by the tests. */
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import type { AgoraClient, Uid, ViewerEvent } from "steadymix/viewer";
import { FailoverVideo, useFailover } from "steadymix/viewer/react";
import { Channel } from "../../../www/viewer/src/demo/channel.ts";
import { Studio } from "../../../www/viewer/src/demo/studio.ts";
import { Gateway } from "./gateway.ts";

/** Every connection of the page. */
const connections: RTCPeerConnection[] = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }
};
const gateway = new Gateway();
/** The emulated channel, whose client cannot end a subscription that is still in progress. */
const channel = new Channel();
let listeners = 0;
for (const [call, by] of [
  ["on", 1],
  ["off", -1],
] as const) {
  const real = channel[call].bind(channel);
  channel[call] = (event, listener) => {
    listeners += by;
    real(event, listener);
  };
}
const audio = new AudioContext();
const events: ViewerEvent[] = [];
const errors: string[] = [];
const LISTENED = ["user-left", "user-published", "connection-state-change"];

for (const uid of [9001, 9101, 9201]) {
  gateway.join(uid, new Studio({ label: String(uid), hue: uid % 360, hertz: 262, fps: 15, audio }));
}
for (const uid of [9001, 9101]) {
  channel.join(uid, new Studio({ label: String(uid), hue: uid % 360, hertz: 262, fps: 15, audio }));
}

function ByHook({ client, uids }: { client: AgoraClient | null; uids: Uid[] }) {
  const [render, setRender] = useState(1);
  const { ref, shown, viewer } = useFailover(client, {
    uids,
    onEvent: (event) => {
      events.push(event);
      throw new Error(`an error of ${event.type}`);
    },
    onError: (error) => errors.push(`render ${render}: ${(error as Error).message}`),
  });
  Object.assign(window, { renderAgain: () => setRender(2) });
  return (
    <>
      <div ref={ref} style={{ width: 320, height: 180 }} />
      <output data-shown={shown ?? "none"} data-viewer={viewer ? "there" : "none"} />
    </>
  );
}

function App() {
  const [kind, setKind] = useState<"none" | "hook" | "component" | "plain" | "wrong">("none");
  const [client, setClient] = useState<AgoraClient | null>(null);
  const [uids, setUids] = useState([9001, 9101]);
  Object.assign(window, {
    act: {
      use: setKind,
      join: () => setClient(gateway.client),
      joinChannel: () => setClient(channel),
      prefer: setUids,
      leave: (uid: Uid) => gateway.signal("on_user_offline", { uid, reason: "Quit" }),
    },
  });
  if (kind === "hook") return <ByHook client={client} uids={uids} />;
  if (kind === "none") return null;
  // As in the README: without a height.
  if (kind === "plain") return <FailoverVideo client={client} uids={uids} aria-label="The show" />;
  if (kind === "wrong") return <FailoverVideo client={null} uids={uids} frozenGraceMs={"1000" as never} />;
  return (
    <div style={{ width: 320, height: 180 }}>
      <FailoverVideo
        client={client}
        uids={uids}
        standby="warm"
        onEvent={(event) => events.push(event)}
        className="video"
        aria-label="The show"
      />
    </div>
  );
}

Object.assign(window, {
  observed: () => ({
    events,
    errors,
    calls: gateway.calls,
    listeners: LISTENED.map((event) => gateway.client.getListeners(event).length),
    onTop: [...document.querySelectorAll<HTMLElement>("[data-uid]")]
      .filter(({ style }) => style.zIndex === "1")
      .map(({ dataset }) => Number(dataset.uid)),
    left: {
      listeners,
      tracks: channel.remoteUsers
        .filter(({ videoTrack, audioTrack }) => videoTrack || audioTrack)
        .map(({ uid }) => uid),
      transceivers: connections
        .flatMap((connection) => connection.getTransceivers())
        .filter(({ currentDirection }) => /send|recv/.test(currentDirection ?? "")).length,
      elements: document.querySelectorAll("video, [data-uid]").length,
    },
    playing: [...document.querySelectorAll("video")].filter((video) => video.currentTime > 0 && !video.paused).length,
  }),
});

const root = document.getElementById("screen");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
