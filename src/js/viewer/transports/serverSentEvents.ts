import { OPEN_TIMEOUT_MS, type Transport, watchAddress } from "./transport.js";

/** How often the best transport is tried again. Rarely: that interrupts a stream that works. */
const BEST_RETRY_INTERVAL_MS = 300_000;

export const serverSentEvents: Transport = {
  // Missing in React Native and older versions of Node.
  isAvailable: () => "EventSource" in globalThis,

  connect(feed) {
    const source = new EventSource(watchAddress(feed));
    let isOpen = false;
    let timer = setTimeout(() => lost("did not open the event stream"), OPEN_TIMEOUT_MS);
    const close = () => {
      clearTimeout(timer);
      source.onmessage = source.onerror = null;
      source.close();
    };
    const lost = (reason: unknown) => {
      close();
      feed.lost(reason, isOpen);
    };
    const opened = () => {
      isOpen = true;
      clearTimeout(timer);
      timer = setTimeout(() => {
        close();
        feed.ended({ delayMs: 0, isBestTried: true });
      }, BEST_RETRY_INTERVAL_MS);
    };
    source.onmessage = ({ data }) => {
      if (!isOpen) opened();
      try {
        feed.receive(String(data));
      } catch (error) {
        lost(error);
      }
    };
    source.onerror = () => lost("lost the event stream");
    return { close };
  },
};
