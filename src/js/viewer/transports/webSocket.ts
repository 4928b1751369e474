import { OPEN_TIMEOUT_MS, type Transport, watchAddress } from "./transport.js";

const PING_INTERVAL_MS = 30_000;
/** The Worker closes a socket with this code when its token expires, which is no failure. */
const EXPIRED = 3000;

/** WebSocket: reports are sent over it, too. */
export const webSocket: Transport = {
  // Missing in older versions of Node.
  isAvailable: () => "WebSocket" in globalThis,

  connect(feed) {
    const socket = new WebSocket(watchAddress(feed).replace(/^http/, "ws"));
    let isOpen = false;
    let timeout = setTimeout(() => lost("did not open the WebSocket"), OPEN_TIMEOUT_MS);
    // Proxies close idle connections. After a change of network, a missing answer is the only sign of a lost connection.
    const pings = setInterval(() => {
      if (socket.readyState !== socket.OPEN) return;
      socket.send("ping");
      timeout = setTimeout(broken, OPEN_TIMEOUT_MS);
    }, PING_INTERVAL_MS);
    const close = () => {
      clearTimeout(timeout);
      clearInterval(pings);
      socket.onmessage = socket.onerror = socket.onclose = null;
      socket.close();
    };
    const lost = (reason: unknown) => {
      close();
      feed.lost(reason, isOpen);
    };
    const broken = () => lost("lost the WebSocket");
    socket.onmessage = ({ data }) => {
      clearTimeout(timeout);
      isOpen = true;
      try {
        if (data !== "pong") feed.receive(String(data));
      } catch (error) {
        lost(error);
      }
    };
    socket.onerror = broken;
    socket.onclose = ({ code }) => {
      if (code !== EXPIRED) return lost("closed the WebSocket");
      close();
      feed.ended();
    };
    return {
      send(report) {
        const isReady = socket.readyState === socket.OPEN;
        if (isReady) socket.send(report);
        return isReady;
      },
      close,
    };
  },
};
