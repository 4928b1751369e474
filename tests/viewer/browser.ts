/** Debian's Chromium and Firefox, and pages on loopback for them. */
import { createReadStream, existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { after, afterEach, before, beforeEach } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import puppeteer, { type Browser as Firefox } from "puppeteer-core";
import { firefoxPath } from "../../scripts/build/install.mjs";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
];

export const root = join(import.meta.dirname, "..", "..");
export const shots = join(root, "target", "screenshots");

export function launch(...flags: string[]): Promise<Browser> {
  const executablePath =
    process.env.CHROMIUM ??
    (process.env.PATH ?? "")
      .split(":")
      .map((folder) => join(folder, "chromium"))
      .find(existsSync);
  if (!executablePath) throw new Error("there is no chromium on the PATH");
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}

const PREFS = {
  // Sound and video play without a click, as in Chromium's tests.
  "media.autoplay.default": 0,
  // Addresses instead of names that only multicast DNS resolves, and without any network but loopback.
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "media.peerconnection.ice.loopback": true,
};

/** Through Puppeteer, because Playwright's protocol needs a newer Firefox than Debian's. */
export function launchFirefox(): Promise<Firefox> {
  const executablePath = firefoxPath();
  if (!executablePath) throw new Error("there is no Firefox on the PATH");
  return puppeteer.launch({ browser: "firefox", executablePath, extraPrefsFirefox: PREFS });
}

export const isFirefox = process.env.STEADYMIX_BROWSER === "firefox";

/** The browser that the test step names. In Firefox, a page has only those of Playwright's methods that Puppeteer has, too. */
export async function launchNamed(): Promise<Browser> {
  const { STEADYMIX_BROWSER: name = "chromium" } = process.env;
  if (name === "chromium") return launch();
  if (name === "firefox") return (await launchFirefox()) as unknown as Browser;
  throw new Error(`STEADYMIX_BROWSER is ${JSON.stringify(name)}, but must be chromium or firefox`);
}

/** Serves a folder. `headers` are added to each answer; `types` are content types by file extension. */
export async function serve(
  folder: string,
  headers: Record<string, string> = {},
  types: Record<string, string> = {},
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://loopback").pathname);
    const file = join(folder, path === "/" ? "index.html" : path);
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": { ...TYPES, ...types }[extname(file)] ?? "application/octet-stream",
      ...headers,
    });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * For all tests of a file: one browser, and a folder of `target/www` that is served to it. Both are ready when the tests begin.
 */
export function inBrowser<Launched extends { close(): Promise<unknown> }>(
  folder: "site" | "tests",
  launched: () => Promise<Launched>,
): { browser: Launched; url: string } {
  const here = {} as { browser: Launched; url: string };
  let server: Awaited<ReturnType<typeof serve>> | undefined;
  before(async () => {
    mkdirSync(shots, { recursive: true });
    server = await serve(join(root, "target", "www", folder));
    here.url = server.url;
    here.browser = await launched();
  });
  after(async () => {
    await here.browser?.close();
    await server?.close();
  });
  return here;
}

/** For each test of a file: a page of `target/www/tests`, in the browser that the step names, once its window has `ready`. */
export function onPage(name: string, ready: string): { page: Page } {
  const here = inBrowser("tests", launchNamed);
  const current = {} as { page: Page };
  beforeEach(async () => {
    current.page = await here.browser.newPage();
    await current.page.goto(`${here.url}/${name}`);
    await current.page.waitForFunction((ready) => ready in window, ready);
  });
  afterEach(() => current.page.close());
  return current;
}
