/** `steadymix serve`: the whole server on one machine. */
import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Io } from "../command.js";
import { integer, messageOf, parse, wrong } from "../flags.js";
import { CONTROL_SOCKET, configOf, workerdArgs } from "../serve/config.js";
import { readEnvironment } from "../serve/environment.js";
import { findWorkerd } from "../serve/findWorkerd.js";
import { isListening } from "../serve/runtime.js";
import { runServer } from "../serve/server.js";

export const summary = "the whole server on one machine: routes, viewers' feed, console, viewer page";

export const help = `Runs the server for operators and viewers, with its data in a folder.

  steadymix serve [--port 8080] [--host 127.0.0.1] [--data ./steadymix-data] [--env-file FILE] [--allow-origin ORIGIN]…
                  [--emulator] [--no-install]

  --port N               the port, 0 to 65535; 0 for any free port
  --host ADDRESS         the address to listen on, IPv4 or IPv6; 0.0.0.0 for all of IPv4
  --data FOLDER          everything that the server stores; it is created if it is missing
  --env-file FILE        lines NAME=value; variables of the environment win
  --allow-origin ORIGIN  an origin whose pages may call the routes: https://show.example; may be repeated
  --emulator             an emulator answers in place of Agora's service: for trying, without an account
  --no-install           does not install workerd, the runtime, if it is missing

Variables, of which the first four must be set (without --emulator):
  AGORA_APP_ID, AGORA_CUSTOMER_ID, AGORA_CUSTOMER_SECRET
  OPERATOR_KEYS              keys of operators, 16 characters or more each, separated by spaces
  VIEWER_KEYS                keys that sign viewer tokens, 32 characters or more each
  AGORA_APP_CERTIFICATE      makes RTC tokens
  AGORA_NOTIFICATION_SECRET  verifies notifications
  ALLOWED_ORIGINS            as --allow-origin, separated by spaces
  QUOTA                      the App ID's limits as JSON: {"callsPerSecond":7,"burst":2,"pcw":30}

The server survives kill -9 and power failures: it goes on when it is started again. TLS is the job of a proxy in front of it.`;

/** The longest path of a socket, in bytes: 104 on macOS, 108 on Linux, with a zero at the end. */
const MAX_SOCKET_BYTES = 103;
/** A killed server may need this long until its runtime has ended. */
const LOCK_TIMEOUT_MS = 3_000;

export async function run(args: string[], io: Io): Promise<number> {
  const { values } = parse({
    args,
    options: {
      port: { type: "string", default: "8080" },
      host: { type: "string", default: "127.0.0.1" },
      data: { type: "string", default: "./steadymix-data" },
      "env-file": { type: "string" },
      "allow-origin": { type: "string", multiple: true, default: [] },
      emulator: { type: "boolean", default: false },
      "no-install": { type: "boolean", default: false },
    },
  });
  if (process.platform === "win32") throw new Error("steadymix serve needs Linux or macOS; on Windows, use WSL");
  const port = integer("port", values.port, 0, 65_535);
  const { host, emulator: hasEmulator } = values;
  for (const origin of values["allow-origin"])
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      throw wrong("allow-origin", origin, "an origin: https://show.example");
  const { settings, quota, demonstrationKey } = readEnvironment(
    io.env,
    values["env-file"],
    hasEmulator,
    values["allow-origin"],
  );
  const folder = dataFolder(values.data);
  const controlSocket = join(folder, CONTROL_SOCKET);
  await lock(controlSocket, values.data);
  await checkAddress(host, port);
  const program = await findWorkerd(!values["no-install"], io.warn);

  const objects = join(folder, settings.AGORA_APP_ID);
  mkdirSync(objects, { recursive: true });
  const dist = resolve(import.meta.dirname, "..", "..");
  const configFile = join(folder, "workerd.capnp");
  const shownHost = host.includes(":") ? `[${host}]` : host;
  await runServer({
    port,
    controlSocket,
    log: io.warn,
    stop: io.stop,
    runtime: (port) => {
      // A killed workerd leaves its socket.
      rmSync(controlSocket, { force: true });
      writeFileSync(configFile, configOf({ address: `${shownHost}:${port}`, hasEmulator, quota }));
      return {
        program,
        args: workerdArgs(configFile, dist, { objects, pages: join(dist, "serve", "pages") }),
        folder,
        env: { ...io.env, ...settings },
      };
    },
    onReady: (port) => {
      const url = `http://${shownHost}:${port}`;
      io.print(`${url}/console/${demonstrationKey === undefined ? "" : `#key=${demonstrationKey}`}  the console`);
      io.print(`${url}/  the viewer page`);
      io.print(`${url}/api/  the routes, described by ${url}/api/openapi.json`);
      if (demonstrationKey !== undefined) io.print(`The operator key, which is no secret: ${demonstrationKey}`);
      io.print(`The data is in ${folder}`);
    },
  });
  return 0;
}

/** The full path of the data folder. Creates it. */
function dataFolder(given: string): string {
  const folder = resolve(given);
  const rest = MAX_SOCKET_BYTES - Buffer.byteLength(join("/", CONTROL_SOCKET));
  if (Buffer.byteLength(folder) > rest)
    throw wrong("data", given, `a folder whose full path has at most ${rest} bytes, because a socket is in it`);
  try {
    // It contains RTC tokens.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw wrong("data", given, `a folder in which the server may write (${messageOf(error)})`);
  }
  return folder;
}

/** Throws if another server uses the folder: its runtime listens on the control socket. */
async function lock(controlSocket: string, data: string): Promise<void> {
  for (const until = Date.now() + LOCK_TIMEOUT_MS; await isListening(controlSocket); await sleep(100))
    if (Date.now() > until)
      throw wrong("data", data, `a folder that no other server uses: one listens on ${controlSocket}`);
}

/** Throws if the server cannot listen there. */
function checkAddress(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", ({ code, message }: NodeJS.ErrnoException) => {
      if (code === "EADDRINUSE")
        reject(wrong("port", String(port), `a free port: another program listens on ${host}:${port}`));
      else if (code === "EACCES") reject(wrong("port", String(port), "a port that this user may use"));
      else reject(wrong("host", host, `an address of this machine (${message})`));
    });
    server.listen(port, host, () => server.close(() => resolve()));
  });
}
