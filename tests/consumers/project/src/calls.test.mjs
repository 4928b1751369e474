import * as entries from "./entries.mjs";

test("the calls", async () => {
  expect(await entries.calls(entries)).toBe('{"confirmed":9001,"switched":[1,2]}');
});
