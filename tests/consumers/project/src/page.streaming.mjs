import * as entries from "./entries.streaming.mjs";
import { say } from "./say.mjs";

say(entries.calls(entries));
