import { Supervisor } from "steadymix";
import { Emulator } from "steadymix/emulator";
import { FailoverViewer } from "steadymix/viewer";
import { calls } from "./calls.mjs";

calls({ Supervisor, Emulator, FailoverViewer }).then(
  (said) => {
    document.title = said;
  },
  (error) => {
    document.title = String(error);
  },
);
