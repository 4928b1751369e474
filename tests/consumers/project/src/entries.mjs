export { Supervisor } from "steadymix";
export { Emulator } from "steadymix/emulator";
export { FailoverViewer } from "steadymix/viewer";
export { calls } from "./calls.mjs";
