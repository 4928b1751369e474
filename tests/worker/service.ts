/** The emulator of a test, in one isolate with the Worker. */
import { Emulator, type Profile } from "steadymix/emulator";

export const NOTIFICATION_SECRET = "notification-secret";

export let emulator = new Emulator();

/** Returns whether to kill the object that makes the call at this moment. */
export type Around = (number: number, moment: "before" | "after", body: string) => boolean;
let around: Around = () => false;
let calls = 0;

/** A new emulator with short delays. */
export function freshEmulator(profile: Profile = {}): Emulator {
  emulator = new Emulator({
    startUp: { takesMs: [50, 150] },
    answerMs: [2, 10],
    callsPerSecond: 1000,
    notifications: null,
    ...profile,
  });
  // The primary must be on air first.
  emulator.control({ type: "addRule", rule: { call: "create", uid: 9101, effect: { type: "delay", ms: 400 } } });
  around = () => false;
  calls = 0;
  return emulator;
}

/** Calls `act` before and after each call from now on. The next call has the number 1. */
export function onCalls(act: Around): void {
  around = act;
  calls = 0;
}

/** Sends calls to the current emulator. */
export function serviceFetch(ctx: DurableObjectState): typeof fetch {
  return async (input, init) => {
    calls += 1;
    const number = calls;
    const body = String(init?.body ?? "");
    if (around(number, "before", body)) ctx.abort("killed before a call");
    const answer = await emulator.fetch(input, init);
    if (around(number, "after", body)) ctx.abort("killed after a call");
    return answer;
  };
}
