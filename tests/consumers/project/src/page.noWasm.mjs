import { FailoverViewer } from "steadymix/viewer/no-wasm";
import { switchedWithout } from "./calls.mjs";
import { say } from "./say.mjs";

say(switchedWithout(FailoverViewer));
