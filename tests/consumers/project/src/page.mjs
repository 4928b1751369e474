import * as entries from "./entries.mjs";

entries.calls(entries).then(
  (said) => {
    document.title = said;
  },
  (error) => {
    document.title = String(error);
  },
);
