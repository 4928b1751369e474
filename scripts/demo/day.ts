/** A day of trouble: what breaks, and what should come of it. */
import type { SteadymixEvent } from "steadymix";
import type { Emulator } from "steadymix/emulator";

/** The story so far, for those who wait for its next turn. */
export interface Story {
  /** Resolves with the first event from now on that this is true for. */
  next(matches: (event: SteadymixEvent) => boolean): Promise<SteadymixEvent>;
  /** The task on air dies. */
  killOnAir(): void;
  /** So many ms of the story pass. */
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
    title: "The broadcast begins in a storm of 206s",
    what:
      "The service times out on the first four Creates: what became of them is unknown. The ladder of 3, 6 and 9 s " +
      "is climbed; once it is spent, the lane moves to its other uid. The other lane is hardly held up.",
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
      "It dies without a word. A notification brings the next look forward; viewers are sent to the other lane's " +
      "output at once, and a replacement is launched under the other uid.",
    async play(_, story) {
      const relaunched = story.next(({ type }) => type === "relaunched");
      story.killOnAir();
      await relaunched;
    },
  },
  {
    title: "The answer to a Create is lost",
    what:
      "A task dies again, and the Create of its replacement is carried out, but its answer never comes. A notification " +
      "names the task that it started, or the same Create, made again, does: there is no second one.",
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
      "The name of the primary domain is not found any more. It is asked once more, then the alternate: nothing is " +
      "relaunched, for a task that cannot be asked for is not a task that is gone.",
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
      "For a while the service cannot say how the tasks are. It is asked again after 5, 10, 15 and 30 s; that proves " +
      "no exit, so nothing is relaunched.",
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
      "Somebody has touched the account: looks are refused. That does not say that a task has ended either. When it " +
      "persists the operator is told, with the request id that support will ask for, and looks go on.",
    async play(emulator, story) {
      const rule = { call: "query", times: 10, effect: { type: "answer", status: 403 } } as const;
      emulator.control({ type: "addRule", rule });
      await story.next(({ type }) => type === "callRejected");
      emulator.control({ type: "clearRules" });
    },
  },
  {
    title: "Notifications come twice, late, and out of order",
    what:
      "From now on every notification comes twice. A task dies; the first word of it brings one look forward, the " +
      "second changes nothing.",
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
    what: "The payload is updated while it runs. Then the broadcast is over: every task is ended, and none forgotten.",
    async play(_, story) {
      await story.pass(5_000);
    },
  },
];

function confirmed(story: Story, lane: string): Promise<SteadymixEvent> {
  return story.next((event) => event.type === "confirmed" && event.lane === lane);
}
