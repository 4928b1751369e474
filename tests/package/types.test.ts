/** The package's types with other settings of TypeScript. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "..", "..");

const PROGRAM = `
  import { type SupervisorEnv, RedundancyGroup, type Services, Supervisor } from "steadymix";
  import { Emulator } from "steadymix/emulator";
  import { FailoverViewer, OnAirFeed } from "steadymix/viewer";

  const services: Services = {
    cloudTranscoder: {
      serviceType: "cloudTranscoderV2",
      config: { transcoder: { outputs: [{ rtc: { rtcChannel: "show" } }] } },
    },
  };
  const options = { appId: "app", instanceId: "show", services };
  const env: SupervisorEnv = { customerId: "id", customerSecret: "secret", fetch: new Emulator().fetch };
  export const supervisor = new Supervisor({ ...options, uids: [1, 2] }, env);
  export const group = RedundancyGroup.restore(supervisor.snapshot(), env);
  export const others = [FailoverViewer, OnAirFeed];
  export const freshness: "new" | "duplicate" | "stale" | "foreign" = supervisor.handleNotification("{}", { "agora-signature-v2": "00" });
`;

/** Compiles a program inside the project: there, the package can import itself by its name. */
async function errorsOf(program: string, lib: string, types = ""): Promise<string[]> {
  const folder = join(ROOT, "target", "types-test", `${lib.replaceAll(",", "+")}${types}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "program.ts"), program);
  const compilerOptions = {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    target: "es2022",
    module: "nodenext",
    lib: lib.split(","),
    types: types === "" ? [] : [types],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["program.ts"] }));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [tsc, "-p", folder], (_, stdout) => resolve(stdout));
  });
  // Continuation lines of an error are indented.
  return output.split(/\n(?! )/).filter((line) => line.includes("error TS"));
}

test("types compile without lib dom, without Symbol.dispose, and with other libraries", async () => {
  for (const [lib, types] of [["es2022"], ["es2023"], ["es2023,dom"], ["esnext"], ["es2023", "node"]] as const)
    assert.deepEqual(await errorsOf(PROGRAM, lib, types), [], `lib ${lib}, types ${types ?? "none"}`);
});

test("with lib dom, Response, signals and elements are checked strictly", async () => {
  const more = `
    supervisor.run(new AbortController().signal);
    supervisor.handleNotification(new Uint8Array(), new Headers());
    export const standard: SupervisorEnv = { ...env, fetch };
    export const wrong: SupervisorEnv = { ...env, fetch: async () => ({ status: 200 }) };
  `;
  const errors = await errorsOf(PROGRAM + more, "es2023,dom");
  assert.equal(errors.length, 1, errors.join("\n"));
  assert.match(errors[0] ?? "", /Response/);
});

test("errors of a payload name its field and no internal types", async () => {
  const errors = await errorsOf(PROGRAM.replace("const services: Services", "const services"), "es2023");
  assert.ok(errors.length > 0);
  for (const error of errors) {
    assert.match(error, /serviceType/);
    assert.doesNotMatch(error, /Snapshot/);
  }
});
