import { ask, type ConnectedFeed, type Transport } from "./transport.js";

const POLL_INTERVAL_MS = 3_000;
/** After so many polls the best transport is tried again. */
const POLLS_BEFORE_BEST = 20;

/** Polling: each poll is a connection of its own, with its own token. */
export function polling(): Transport {
  let polls = 0;
  const poll = async ({ address, token, receive, ended }: ConnectedFeed) => {
    const answer = await ask(`${address}/on-air`, token);
    receive(await answer.text());
    polls += 1;
    ended({ delayMs: POLL_INTERVAL_MS, isBestTried: polls % POLLS_BEFORE_BEST === 0 });
  };
  return {
    isAvailable: () => true,

    connect(feed) {
      poll(feed).catch((error) => feed.lost(error, false));
      return { close() {} };
    },
  };
}
