import assert from "node:assert/strict";
import { test } from "node:test";
import { Supervisor } from "steadymix";
import { type Command, Emulator, type Profile } from "steadymix/emulator";
import { SPEED, supervisorOptions } from "./world.ts";

test("the emulator works in users' tests, without a server", { timeout: 60_000 }, async () => {
  const emulator = new Emulator({ seed: 7 }, SPEED);
  emulator.control({ type: "addRule", rule: { call: "create", times: 2, effect: { type: "answer", status: 503 } } });
  const supervisor = new Supervisor(
    { ...supervisorOptions, policy: { monitorIntervalMs: 5000 } },
    { customerId: "customer", customerSecret: "s3cret", fetch: emulator.fetch, timeScale: SPEED },
  );
  const seen: string[] = [];
  const events = supervisor[Symbol.asyncIterator]();
  const outcome = supervisor.run();
  for await (const event of events) {
    seen.push(event.type);
    if (event.type === "confirmed" && event.uid === 9001) emulator.control({ type: "kill", uid: event.uid });
    if (event.type === "relaunched") break;
  }
  supervisor.stop();
  assert.deepEqual(await outcome, { type: "stopped" });
  assert.deepEqual(seen.slice(0, 4), ["launching", "retrying", "retrying", "created"]);
  assert.deepEqual(
    emulator.state().tasks.map(({ uid, live }) => [uid, live]),
    [
      [9001, false],
      [9002, false],
    ],
  );
});

test("fetch returns every status, also those without a body", async () => {
  const emulator = new Emulator({ answerMs: [0, 0] });
  for (const status of [200, 204, 205, 304, 599]) {
    emulator.control({ type: "addRule", rule: { times: 1, effect: { type: "answer", status } } });
    const answer = await emulator.fetch("https://api.agora.io/v1/projects/app/rtsc/cloud-transcoder/tasks/task");
    assert.equal(answer.status, status);
    assert.equal((await answer.text()) === "", answer.body === null);
  }
});

test("invalid profiles, speeds and commands are refused", () => {
  const answer = (status: number): Command => ({ type: "addRule", rule: { effect: { type: "answer", status } } });
  const emulator = new Emulator();
  const statuses = "must be from 200 to 599";
  const speeds = "must be a number from 0.1 to 10000";
  const spans = "must be the shortest time before the longest, in ms";
  const make = (profile: Profile, speed?: number) => () => new Emulator(profile, speed);
  const command = (command: Command) => () => emulator.control(command);
  const effect = { type: "performThenAnswer", status: 600 } as const;
  for (const [act, message] of [
    [command(answer(199)), `command.rule.effect.status is 199, but ${statuses}`],
    [command(answer(600)), `command.rule.effect.status is 600, but ${statuses}`],
    [command({ type: "addRule", rule: { effect } }), `command.rule.effect.status is 600, but ${statuses}`],
    [
      command({ type: "addRule", rule: { chancePercent: 101, effect: { type: "lose" } } }),
      "command.rule.chancePercent is 101, but must be from 1 to 100",
    ],
    [
      command({ type: "startUp", startUp: { failsPercent: 200 } }),
      "command.startUp.failsPercent is 200, but must be from 0 to 100",
    ],
    [
      command({ type: "notifications", profile: { takesMs: [2, 1] } }),
      `command.profile.takesMs is [2, 1], but ${spans}`,
    ],
    [make({ answerMs: [200, 100] }), `profile.answerMs is [200, 100], but ${spans}`],
    [make({ migrationTakesMs: [2, 1] }), `profile.migrationTakesMs is [2, 1], but ${spans}`],
    [make({ startUp: { takesMs: [2, 1] } }), `profile.startUp.takesMs is [2, 1], but ${spans}`],
    [make({ startUp: { hangsPercent: 200 } }), "profile.startUp.hangsPercent is 200, but must be from 0 to 100"],
    [make({ presenceMissesPercent: 101 }), "profile.presenceMissesPercent is 101, but must be from 0 to 100"],
    [
      make({ notifications: { lostPercent: 101 } }),
      "profile.notifications.lostPercent is 101, but must be from 0 to 100",
    ],
    [make({ wrongTokenStatus: 99 }), "profile.wrongTokenStatus is 99, but must be 403 or 404"],
    [make({ seed: -1 }), "profile.seed: invalid value: integer `-1`, expected an integer from 0 to 9007199254740991"],
    [make({ seed: Number.NaN }), "profile.seed is NaN, but must be a finite number"],
    [make({ retryAfterS: Number.POSITIVE_INFINITY }), "profile.retryAfterS is Infinity, but must be a finite number"],
    [make(5n as never), "profile is a bigint, but must be an object"],
    [make(null as never), "profile is null, but must be an object"],
    [make({}, 0), `speed is 0, but ${speeds}`],
    [make({}, -1), `speed is -1, but ${speeds}`],
    [make({}, Number.NaN), `speed is NaN, but ${speeds}`],
    [make({}, 10_001), `speed is 10001, but ${speeds}`],
    [make({}, "fast" as never), `speed is "fast", but ${speeds}`],
    [command(undefined as never), "command is undefined, but must be an object"],
    [command({ type: "kill" } as never), "command needs taskId or uid: the task that it applies to"],
    [command({ type: "kill", uid: 9 }), "command.uid is 9, but must be of a live task, and there is none"],
    [
      command({ type: "kill", uid: "9" } as never),
      'command.uid: invalid type: string "9", expected an integer from 0 to 4294967295',
    ],
    [
      command({ type: "kill", uid: 9, when: 5 } as never),
      "command.when: unknown field `when`, expected one of `taskId`, `uid`, `reportLagMs`, `forgotten`, `reason`",
    ],
    [
      command({ type: "addRule", rule: { untilMs: 5, effect: { type: "lose" } } }),
      /^command\.rule\.untilMs is 5, but must be after the emulator's time, \d+$/,
    ],
  ] as const)
    assert.throws(act, { message });
});
