/** One process for one state: two would start and delete each other's tasks. */
import { createHash } from "node:crypto";
import { realpathSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

/**
 * Takes the lock of a file or folder, until this process ends in any way. A socket is the lock, because the operating system
 * releases it: a file would remain after `kill -9`. Processes of another user or container are not noticed.
 */
export async function lock(path: string): Promise<void> {
  const place = join(realpathSync(dirname(path)), basename(path));
  const name = `steadymix-${createHash("sha256").update(`${process.getuid?.()}:${place}`).digest("hex").slice(0, 24)}`;
  const address = process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
  if (await listens(address)) return;
  if (await answers(address)) throw new Error(`another process runs with ${path}: end it first, or name another file`);
  // What is left of a process that was killed.
  rmSync(address, { force: true });
  if (!(await listens(address))) throw new Error(`another process has just started with ${path}`);
}

/** False if the address is taken. */
function listens(address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(address, () => {
      server.unref();
      process.once("exit", () => server.close());
      resolve(true);
    });
  });
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
