import * as entries from "./entries.mjs";

console.log(await entries.calls(entries));
