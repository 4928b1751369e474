/** The configuration of workerd. It contains no secret: those reach workerd in its environment. */
import { SETTINGS } from "./environment.js";

export interface ConfigOptions {
  /** The address of the server: `127.0.0.1:8080`. */
  address: string;
  hasEmulator: boolean;
  /** The App ID's limits, as JSON. */
  quota: string | undefined;
}

/** The oldest workerd that knows this date has the same version number. */
export const COMPATIBILITY_DATE = "2026-10-01";

/** The name of the socket that only the command uses, relative to workerd's working folder. */
export const CONTROL_SOCKET = "control.sock";

/** The limits of a project that were not raised. */
const DOCUMENTED = { callsPerSecond: 10, pcw: 100 };

/** The folders that `workerdArgs` names. */
const FOLDERS = ["objects", "pages"] as const;

/** The arguments of workerd. `dist`: the package's built files, which the configuration embeds. */
export function workerdArgs(
  configFile: string,
  dist: string,
  folders: Record<(typeof FOLDERS)[number], string>,
): string[] {
  return [
    "serve",
    configFile,
    "--control-fd=3",
    `--import-path=${dist}`,
    ...FOLDERS.map((name) => `--directory-path=${name}=${folders[name]}`),
  ];
}

/** The configuration in Cap'n Proto's text format. */
export function configOf({ address, hasEmulator, quota }: ConfigOptions): string {
  const emulated = ['(name = "AGORA_SERVICE", service = "emulator")', '(name = "DEMONSTRATION", json = "true")'];
  const worker = workerOf({
    name: "main",
    file: "/serve/worker.js",
    wasm: ["core.wasm", "/core.wasm"],
    objects: { BROADCAST: "Broadcast", APP_QUOTA: "AppQuota", RELAY: "Relay" },
    cache: "cache",
    bindings: [
      ...SETTINGS.map(fromEnvironment),
      '(name = "PAGES", service = "pages")',
      ...(quota === undefined ? [] : [`(name = "QUOTA", json = ${JSON.stringify(quota)})`]),
      ...(hasEmulator ? emulated : []),
    ],
  });
  const emulator = workerOf({
    name: "emulator",
    file: "/serve/emulator.js",
    wasm: ["emulator.wasm", "/emulator/emulator.wasm"],
    objects: { SERVICE: "Service" },
    bindings: [
      '(name = "WEBHOOK", service = "main")',
      '(name = "NOTIFICATION_SECRET", fromEnvironment = "AGORA_NOTIFICATION_SECRET")',
      `(name = "LIMITS", json = ${JSON.stringify(emulatedLimits(quota))})`,
    ],
  });
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    ${[worker, ...(hasEmulator ? [emulator] : [])].join(",\n    ")},
    (name = "objects", disk = (writable = true)),
    (name = "pages", disk = (writable = false)),
  ],
  sockets = [
    # Behind a proxy with TLS, pages have an origin with https.
    (name = "http", address = ${JSON.stringify(address)}, http = (forwardedProtoHeader = "X-Forwarded-Proto"), service = "main"),
    (name = "control", address = "unix:${CONTROL_SOCKET}", http = (), service = (name = "main", entrypoint = "control")),
  ],
);
`;
}

/** A server whose limits were raised tries them on a service that was raised as well. Returns JSON. */
function emulatedLimits(quota: string | undefined): string {
  const given = Object(JSON.parse(quota ?? "{}")) as Partial<typeof DOCUMENTED>;
  const raised = (name: keyof typeof DOCUMENTED) =>
    Number.isInteger(given[name]) ? Math.max(DOCUMENTED[name], given[name] ?? 0) : DOCUMENTED[name];
  return JSON.stringify({ callsPerSecond: raised("callsPerSecond"), pcw: raised("pcw") });
}

interface WorkerOptions {
  name: string;
  file: string;
  wasm: [name: string, file: string];
  /** The class of each binding. */
  objects: Record<string, string>;
  /** The entrypoint that stores what the Cache API keeps. */
  cache?: string;
  bindings: string[];
}

function workerOf({ name, file, wasm, objects, cache, bindings }: WorkerOptions): string {
  const classes = Object.entries(objects);
  const namespaces = classes.map(
    ([, className]) => `(className = "${className}", uniqueKey = "steadymix-${className}", enableSql = true)`,
  );
  const toObjects = classes.map(
    ([binding, className]) => `(name = "${binding}", durableObjectNamespace = "${className}")`,
  );
  return `(name = "${name}", worker = (
      compatibilityDate = "${COMPATIBILITY_DATE}",
      modules = [
        (name = "${name}.js", esModule = embed "${file}"),
        (name = "${wasm[0]}", wasm = embed "${wasm[1]}"),
      ],
      durableObjectNamespaces = [
        ${namespaces.join(",\n        ")},
      ],
      durableObjectStorage = (localDisk = "objects"),${
        cache === undefined
          ? ""
          : `
      cacheApiOutbound = (name = "${name}", entrypoint = "${cache}"),`
      }
      bindings = [
        ${[...toObjects, ...bindings].join(",\n        ")},
      ],
    ))`;
}

function fromEnvironment(name: string): string {
  return `(name = "${name}", fromEnvironment = "${name}")`;
}
