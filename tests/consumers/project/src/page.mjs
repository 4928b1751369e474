import * as entries from "./entries.mjs";
import { say } from "./say.mjs";

say(entries.calls(entries));
