import { Supervisor } from "steadymix";
import { Emulator } from "steadymix/emulator";
import { FailoverViewer } from "steadymix/viewer";
import { calls } from "./calls.mjs";

test("the calls", async () => {
  expect(await calls({ Supervisor, Emulator, FailoverViewer })).toBe('{"confirmed":9001,"switched":[1,2]}');
});
