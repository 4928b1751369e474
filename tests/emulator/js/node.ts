/** The emulated service, loaded in Node. */
import { readFileSync } from "node:fs";
import { initSync } from "../../../target/emulator/steadymix_emulator.js";

initSync({
  module: readFileSync(new URL("../../../target/emulator/steadymix_emulator_bg.wasm", import.meta.url)),
});

export * from "./emulator.ts";
