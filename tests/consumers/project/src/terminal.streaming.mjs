import * as entries from "./entries.streaming.mjs";

console.log(await entries.calls(entries));
