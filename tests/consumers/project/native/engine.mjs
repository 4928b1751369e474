// React Native's globals that its engine lacks: a console, a clock and timers, in simulated time.
const soon = globalThis.setTimeout;
const timers = new Map();
let now = 0;
let count = 0;

function start(call, ms = 0, every = undefined) {
  count += 1;
  timers.set(count, { call, at: now + ms, every });
  if (timers.size === 1) soon(turn);
  return count;
}

function turn() {
  const [next] = [...timers].sort(([, one], [, two]) => one.at - two.at);
  if (!next) return;
  const [id, timer] = next;
  now = timer.at;
  if (timer.every === undefined) timers.delete(id);
  else timer.at += timer.every;
  timer.call();
  // Promises of this turn run first.
  if (timers.size > 0) soon(turn);
}

const stop = (id) => void timers.delete(id);

Object.assign(globalThis, {
  console: { log: globalThis.print },
  performance: { now: () => now },
  setTimeout: (call, ms) => start(call, ms),
  setInterval: (call, ms) => start(call, ms, ms),
  clearTimeout: stop,
  clearInterval: stop,
});
