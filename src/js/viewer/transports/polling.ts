import { ask, type ConnectedFeed, type Transport } from "./transport.js";

const POLL_MS = 3_000;
/** After so many polls a better transport may get through. */
const POLLS_BEFORE_BEST = 20;

/** Asks again and again: each poll is a connection of its own, with a token of its own. */
export function polling(): Transport {
  let polls = 0;
  const poll = async ({ address, token, take, ended }: ConnectedFeed) => {
    const answer = await ask(`${address}/on-air`, token);
    take(await answer.text());
    polls += 1;
    ended({ delayMs: POLL_MS, isBestTried: polls % POLLS_BEFORE_BEST === 0 });
  };
  return {
    isAvailable: () => true,

    connect(feed) {
      poll(feed).catch((error) => feed.lost(error, false));
      return { close() {} };
    },
  };
}
