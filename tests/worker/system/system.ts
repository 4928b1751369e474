/** The complete Worker in a real process. */
import { SHOW_LANES, showServices } from "../../emulator/js/payload.ts";

export const KEY = "demonstration-key";

interface Called {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert its type
  json: any;
}

/** Calls a route as an operator. */
export async function ask(url: string, method: string, path: string, body?: unknown): Promise<Called> {
  const answer = await fetch(`${url}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: await answer.json() };
}

export const newBroadcast = (id: string, more: object = {}) => ({
  id,
  services: showServices(),
  lanes: SHOW_LANES,
  ...more,
});

/** Waits until the condition holds. */
export async function until(is: () => Promise<boolean>, what: string, timeoutMs = 30_000): Promise<void> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; ) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`timed out: ${what}`);
}
