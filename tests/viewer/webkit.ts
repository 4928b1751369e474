/** WebKitGTK's MiniBrowser, as Debian has it, on a screen of its own. It has no WebRTC. */

import { setTimeout as pass } from "node:timers/promises";
import { Builder, Capabilities, type WebDriver } from "selenium-webdriver";
import { end, freePort, type Running, start } from "../../scripts/processes.mjs";

const READY_MS = 20_000;

export interface WebKit {
  driver: WebDriver;
  close(): Promise<void>;
}

export async function launchWebKit(): Promise<WebKit> {
  const processes: Running[] = [];
  const close = async () => {
    for (const entry of processes.reverse()) await end(entry);
  };
  try {
    const screen = start("Xvfb", ["-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    processes.push(screen);
    const port = await freePort();
    const driver = start("WebKitWebDriver", ["--host=127.0.0.1", `--port=${port}`], {
      stdio: "ignore",
      env: { DISPLAY: `:${await firstLineOf(screen)}`, GDK_BACKEND: "x11", LC_ALL: "C.UTF-8", LANGUAGE: undefined },
    });
    processes.push(driver);
    const server = `http://127.0.0.1:${port}`;
    await isReady(server);
    const session = await new Builder()
      .usingServer(server)
      .withCapabilities(new Capabilities({ browserName: "MiniBrowser" }))
      .build();
    return {
      driver: session,
      close: async () => {
        await session.quit().catch(() => {});
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function firstLineOf({ child, gone }: Running): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", (data) => resolve(String(data).trim()));
    void gone.then(() => reject(new Error("Xvfb has ended")));
  });
}

async function isReady(server: string): Promise<void> {
  for (const deadline = Date.now() + READY_MS; ; await pass(50)) {
    const answer = await fetch(`${server}/status`).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > deadline) throw new Error(`WebKitWebDriver was not ready after ${READY_MS / 1000} s`);
  }
}
