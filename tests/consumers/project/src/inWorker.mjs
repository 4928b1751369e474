import * as entries from "./entries.mjs";

entries.calls(entries).then(postMessage, (error) => postMessage(String(error)));
