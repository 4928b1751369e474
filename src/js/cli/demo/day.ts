/** The acts of the demo: a fault, and what should happen. */
import type { Emulator } from "../../emulator/index.inline.js";
import type { SteadymixEvent } from "../../types.js";

/** Lets an act wait for events and control the broadcast. */
export interface Story {
  /** Resolves with the next event that matches. */
  next(matches: (event: SteadymixEvent) => boolean): Promise<SteadymixEvent>;
  /** Kills the task on air. */
  killOnAir(): void;
  /** Waits for this many ms of simulated time. */
  pass(ms: number): Promise<void>;
}

export interface Act {
  title: string;
  what: string;
  play(emulator: Emulator, story: Story): Promise<void>;
}

const MINUTE = 60_000;

export const DAY: Act[] = [
  {
    title: "The broadcast starts with 206s",
    what:
      "The service times out on the first four Creates, so their outcome is unknown. The lane retries after 3, 6 and " +
      "9 s. When this backoff schedule is exhausted, it switches to its other uid. The other lane is hardly delayed.",
    async play(emulator, story) {
      emulator.control({
        type: "addRule",
        rule: { call: "create", uid: 9001, times: 4, effect: { type: "answer", status: 206 } },
      });
      await Promise.all([confirmed(story, "primary"), confirmed(story, "backup")]);
    },
  },
  {
    title: "The task on air is killed",
    what:
      "It exits without leaving the channel. A notification triggers an early Query. Viewers switch to the other " +
      "lane's output at once, and a replacement is launched under the other uid.",
    async play(_, story) {
      const relaunched = story.next(({ type }) => type === "relaunched");
      story.killOnAir();
      await relaunched;
    },
  },
  {
    title: "The answer to a Create is lost",
    what:
      "A task dies again. The Create of its replacement is carried out, but the answer is lost. A notification names " +
      "the new task, or the same Create is repeated and returns it: there is no second task.",
    async play(emulator, story) {
      emulator.control({ type: "addRule", rule: { call: "create", times: 1, effect: { type: "performAndLose" } } });
      const relaunched = story.next(({ type }) => type === "relaunched");
      story.killOnAir();
      await relaunched;
    },
  },
  {
    title: "A domain cannot be reached",
    what:
      "The name of the primary domain cannot be resolved. The call is repeated, then sent to the alternate domain. " +
      "Nothing is relaunched: a task that cannot be queried is not considered gone.",
    async play(emulator, story) {
      emulator.control({
        type: "addRule",
        forMs: 5 * MINUTE,
        rule: { domain: "api.agora.io", effect: { type: "dns" } },
      });
      await story.next(({ type }) => type === "domainSwitched");
      await story.pass(20_000);
    },
  },
  {
    title: "Query answers 503",
    what:
      "For a while the service does not report the tasks' status. Query is repeated after 5, 10, 15 and 30 s. " +
      "Nothing is relaunched: a 503 does not mean that a task has ended.",
    async play(emulator, story) {
      const rule = { call: "query", times: 4, effect: { type: "answer", status: 503 } } as const;
      emulator.control({ type: "addRule", rule });
      await story.next((event) => event.type === "retrying" && event.call === "query");
      await story.pass(45_000);
    },
  },
  {
    title: "Query answers 403",
    what:
      "The account was changed, and Query is refused. This does not mean that a task has ended either. If it " +
      "persists, an event reports it with the request id for Agora's support, and Query continues.",
    async play(emulator, story) {
      const rule = { call: "query", times: 10, effect: { type: "answer", status: 403 } } as const;
      emulator.control({ type: "addRule", rule });
      await story.next(({ type }) => type === "callRejected");
      emulator.control({ type: "clearRules" });
    },
  },
  {
    title: "Notifications arrive twice, late, and out of order",
    what:
      "From now on every notification arrives twice. A task dies. The first notification triggers an early Query; the " +
      "second one is ignored.",
    async play(emulator, story) {
      const profile = { secret: "demo-secret", doubledPercent: 100, latePercent: 50 };
      emulator.control({ type: "notifications", profile });
      const relaunched = story.next(({ type }) => type === "relaunched");
      story.killOnAir();
      await relaunched;
    },
  },
  {
    title: "A new layout, and the end",
    what: "The payload is updated while the tasks run. Then the broadcast ends, and every task is deleted.",
    async play(_, story) {
      await story.pass(5_000);
    },
  },
];

function confirmed(story: Story, lane: string): Promise<SteadymixEvent> {
  return story.next((event) => event.type === "confirmed" && event.lane === lane);
}
