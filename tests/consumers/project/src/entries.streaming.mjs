export { Emulator } from "steadymix/emulator";
export { Supervisor } from "steadymix/streaming";
export { FailoverViewer } from "steadymix/viewer/streaming";
export { calls } from "./calls.mjs";
