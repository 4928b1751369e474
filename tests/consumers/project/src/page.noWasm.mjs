import { FailoverViewer } from "steadymix/viewer/no-wasm";
import { switchedWithout } from "./calls.mjs";
import { showResult } from "./showResult.mjs";

showResult(switchedWithout(FailoverViewer));
