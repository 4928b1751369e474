import { Supervisor } from "steadymix";
import { Emulator } from "steadymix/emulator";
import { FailoverViewer } from "steadymix/viewer";
import { calls } from "./calls.mjs";

console.log(await calls({ Supervisor, Emulator, FailoverViewer }));
