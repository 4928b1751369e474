import * as entries from "./entries.streaming.mjs";
import { showResult } from "./showResult.mjs";

showResult(entries.calls(entries));
