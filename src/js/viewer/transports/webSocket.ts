import { OPENS_MS, type Transport, watchAddress } from "./transport.js";

const PING_MS = 30_000;
/** The Worker closes a socket with this code when its token has expired, which is no failure. */
const EXPIRED = 3000;

/** A WebSocket: reports go the same way. */
export const webSocket: Transport = {
  // Older versions of Node have none.
  isAvailable: () => "WebSocket" in globalThis,

  connect(feed) {
    const socket = new WebSocket(watchAddress(feed).replace(/^http/, "ws"));
    let isOpen = false;
    let patience = setTimeout(() => lost("cannot be reached by socket"), OPENS_MS);
    // Proxies cut what is silent; and where the network has changed, nothing but the missing answer says so.
    const pings = setInterval(() => {
      if (socket.readyState !== socket.OPEN) return;
      socket.send("ping");
      patience = setTimeout(broken, OPENS_MS);
    }, PING_MS);
    const close = () => {
      clearTimeout(patience);
      clearInterval(pings);
      socket.onmessage = socket.onerror = socket.onclose = null;
      socket.close();
    };
    const lost = (cause: unknown) => {
      close();
      feed.lost(cause, isOpen);
    };
    const broken = () => lost("was lost by socket");
    socket.onmessage = ({ data }) => {
      clearTimeout(patience);
      isOpen = true;
      try {
        if (data !== "pong") feed.take(String(data));
      } catch (error) {
        lost(error);
      }
    };
    socket.onerror = broken;
    socket.onclose = ({ code }) => {
      if (code !== EXPIRED) return lost("was closed by socket");
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
