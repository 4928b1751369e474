// Checks that ports on loopback are free, before a build starts.
import { createServer } from "node:net";

const HOST = "127.0.0.1";

/** @param {number} port 0 counts as free */
export async function isFree(port) {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

/** @param {number} port */
export function takenMessage(port) {
  return `port ${port} is in use by another program: choose another one with --port, or --port 0 for any free port`;
}

/**
 * @param {number} port
 * @throws {Error} if another program listens there
 */
export async function requireFree(port) {
  if (!(await isFree(port))) throw new Error(takenMessage(port));
}
