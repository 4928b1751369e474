/** A process that runs a group and may be killed at any time: `node broadcast.ts URL SNAPSHOT_FILE SPEED`. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { RedundancyGroup, type SupervisorEnv } from "steadymix";
import { loopbackFetch } from "../../src/js/cli/emulator/loopbackFetch.ts";
import { groupOptions } from "./world.ts";

const [url = "", file = "", speed = "1"] = process.argv.slice(2);

/** Writes atomically. */
function persist(snapshot: string): void {
  const descriptor = openSync(`${file}.new`, "w");
  writeSync(descriptor, snapshot);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(`${file}.new`, file);
}

const env: SupervisorEnv = {
  customerId: "customer",
  customerSecret: "s3cret",
  fetch: loopbackFetch(url),
  timeScale: Number(speed),
  persist,
  onEvent: (event) => process.send?.({ event }),
};
const group = existsSync(file)
  ? RedundancyGroup.restore(readFileSync(file, "utf8"), env)
  : new RedundancyGroup({ ...groupOptions, policy: { monitorIntervalMs: 5000 } }, env);
process.on("message", (message) => {
  if (message === "stop") group.stop();
  if (message === "status") process.send?.({ status: group.status() });
});
process.send?.({ ready: true });
const outcome = await group.run();
process.send?.({ outcome });
process.disconnect?.();
