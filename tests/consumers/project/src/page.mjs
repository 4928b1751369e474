import * as entries from "./entries.mjs";
import { showResult } from "./showResult.mjs";

showResult(entries.calls(entries));
