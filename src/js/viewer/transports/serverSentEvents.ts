import { OPENS_MS, type Transport, watchAddress } from "./transport.js";

/** How long until a better transport is tried. Less often than from polling: events that come are cut off for it. */
const STREAM_MS = 300_000;

/** Server-sent events. */
export const serverSentEvents: Transport = {
  // React Native has none, older versions of Node neither.
  isAvailable: () => "EventSource" in globalThis,

  connect(feed) {
    const source = new EventSource(watchAddress(feed));
    let isOpen = false;
    let timer = setTimeout(() => lost("cannot be reached by stream"), OPENS_MS);
    const close = () => {
      clearTimeout(timer);
      source.onmessage = source.onerror = null;
      source.close();
    };
    const lost = (cause: unknown) => {
      close();
      feed.lost(cause, isOpen);
    };
    const opened = () => {
      isOpen = true;
      clearTimeout(timer);
      timer = setTimeout(() => {
        close();
        feed.ended({ delayMs: 0, isBestTried: true });
      }, STREAM_MS);
    };
    source.onmessage = ({ data }) => {
      if (!isOpen) opened();
      try {
        feed.take(String(data));
      } catch (error) {
        lost(error);
      }
    };
    source.onerror = () => lost("was lost by stream");
    return { close };
  },
};
