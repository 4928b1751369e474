/** The sample broadcast and the faults of `steadymix/emulator`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RedundancyGroup, validateTask } from "steadymix";
import * as emulator from "steadymix/emulator";
import * as scenarios from "steadymix/emulator/scenarios";
import { groupOptions, SPEED } from "./world.ts";

const { Emulator, FAULTS, inputChannelsOf, SAMPLE_LANES, sampleServices, tasksOf } = emulator;

test("both entries have the same scenarios", () => {
  for (const [name, value] of Object.entries(scenarios))
    assert.equal((emulator as Record<string, unknown>)[name], value, name);
});

test("the sample broadcast has no problems and no warnings except missing tokens", () => {
  const { errors, warnings } = validateTask(sampleServices());
  assert.deepEqual(errors, []);
  for (const { field } of warnings) assert.match(field, /rtcToken/i);
  assert.equal(sampleServices(60).cloudTranscoder.config.transcoder.idleTimeout, 60);
  assert.notEqual(sampleServices(), sampleServices(), "each call returns a new object");
});

test("tasks are assigned to their group and input channels", () => {
  const task = (instanceId: string, inputChannel: string | null) => ({ instanceId, inputChannel }) as emulator.Task;
  const tasks = [
    task("show-0-1", "studio"),
    task("show-1-12", "studio"),
    task("show-2-0-1", "other"),
    task("show-1", null),
  ];
  assert.deepEqual(tasksOf("show", tasks), tasks.slice(0, 2));
  assert.deepEqual(tasksOf("show-2", tasks), tasks.slice(2, 3));
  assert.deepEqual(inputChannelsOf(tasks), ["studio", "other"]);
});

test("every fault can be injected, and stops the stream exactly if `kills` is set", {
  timeout: 60_000,
}, async () => {
  for (const { name, kills, commands } of FAULTS) {
    const service = new Emulator({ answerMs: [0, 0], startUp: { takesMs: [100, 100] } }, SPEED);
    const options = { ...groupOptions, instanceId: "show", services: sampleServices(), lanes: SAMPLE_LANES };
    const secrets = { customerId: "c", customerSecret: "s", fetch: service.fetch, timeScale: SPEED };
    const group = new RedundancyGroup(options, secrets);
    void group.run().catch(() => {});
    let onAir: emulator.Task | undefined;
    for await (const event of group) {
      if (event.type !== "onAir") continue;
      onAir = tasksOf("show", service.state().tasks).find(({ uid }) => uid === event.toUid);
      break;
    }
    group.dispose();
    assert.ok(onAir, name);
    const inputChannels = inputChannelsOf(tasksOf("show", service.state().tasks));
    const injected = commands({ onAir: { taskId: onAir.taskId }, inputChannels }, 1_000);
    assert.ok(injected.length > 0, name);
    for (const command of injected) service.control(command);
    const { running } = service.state().tasks.find(({ taskId }) => taskId === onAir?.taskId) ?? {};
    assert.equal(running, !kills, name);
  }
});
