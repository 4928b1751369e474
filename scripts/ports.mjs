// Checks ports on loopback, before a build rather than after it.
import { createServer } from "node:net";

const HOST = "127.0.0.1";

/** @param {number} port 0 is always free */
export async function isFree(port) {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

/** @param {number} port */
export function takenMessage(port) {
  return `port ${port} is in use by another program: choose one with --port, or --port 0 for any that is free`;
}

/**
 * @param {number} port
 * @throws {Error} if another program listens there
 */
export async function requireFree(port) {
  if (!(await isFree(port))) throw new Error(takenMessage(port));
}
