/** Environments with few globals, like Jest with jsdom: no `TextDecoder`, `fetch`, `Headers` or `Response`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { rolldown } from "rolldown";
import { showServices } from "../emulator/js/payload.ts";

/** The globals of jsdom beyond the language. */
const { setTimeout, clearTimeout, AbortController, AbortSignal, Event, EventTarget, btoa, URL, performance } =
  globalThis;
const WHAT_JSDOM_HAS = {
  console,
  setTimeout,
  clearTimeout,
  AbortController,
  AbortSignal,
  Event,
  EventTarget,
  btoa,
  URL,
  performance,
};

const PROGRAM = `
  import * as steadymix from "steadymix";
  import { Emulator } from "steadymix/emulator";
  import * as viewer from "steadymix/viewer";
  export { Emulator, steadymix, viewer };
`;

test("everything can be imported, and a broadcast runs", async () => {
  const bundle = await rolldown({
    input: "program",
    plugins: [
      {
        name: "program",
        resolveId: (id) => (id === "program" ? id : undefined),
        load: (id) => (id === "program" ? PROGRAM : undefined),
      },
    ],
    cwd: import.meta.dirname,
    platform: "browser",
  });
  const { output } = await bundle.generate({ format: "iife", name: "program" });
  const context = vm.createContext({ ...WHAT_JSDOM_HAS });
  vm.runInContext(output[0].code, context);
  const outcome = await vm.runInContext(
    `(async (services) => {
      const { Emulator, steadymix, viewer } = program;
      if (typeof TextDecoder !== "undefined" || typeof Response !== "undefined") throw new Error("jsdom lacks these globals");
      new viewer.Failover([1, 2], {}, 0).free();
      // Characters of several bytes, in both directions.
      const title = "早上好 😀 \\u{1f600}";
      services.title = title;
      const speed = 40;
      const emulator = new Emulator({}, speed);
      const fetch = async (url, { method, headers, body = "" }) => {
        const { host, pathname, search } = new URL(url);
        const reply = emulator.handle({ domain: host, method, path: pathname + search, body, authorization: headers.authorization });
        if (!body.includes("services") || body.includes(title)) {
          await new Promise((resolve) => setTimeout(resolve, reply.delayMs / speed));
          return { status: reply.status, headers: { get: () => null }, text: async () => reply.body };
        }
        throw new Error("the title was lost: " + body);
      };
      const options = { appId: "app", instanceId: "show", services, uids: [9001, 9002] };
      const env = {
        customerId: "c\\u00fcstomer",
        customerSecret: "s3cret",
        notificationSecret: "secret",
        fetch,
        timeScale: speed,
        onEvent: ({ type }) => type === "confirmed" && supervisor.stop(),
      };
      const supervisor = new steadymix.Supervisor(options, env);
      try {
        supervisor.handleNotification("{}", { "agora-signature-v2": "00" });
      } catch (error) {
        if (error.code !== "INVALID_SIGNATURE") throw error;
      }
      const { type } = await supervisor.run();
      return [type, supervisor.snapshot().includes(title), emulator.state().tasks.length].join();
    })(${JSON.stringify(showServices())})`,
    context,
  );
  assert.equal(outcome, "stopped,true,1");
});

test("UTF-8 is the same without the platform's encoders", async (t) => {
  const { textDecoder, textEncoder } = await import("../../dist/utf8.js" as string);
  const texts = [
    "",
    "plain",
    "é",
    "早上好",
    "😀",
    "100 % %41",
    "\u0000\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}",
    "a\ud800b",
    "\udc00",
  ];
  const bytes = texts.map((text) => new TextEncoder().encode(text));
  t.mock.property(globalThis, "TextEncoder", undefined as never);
  t.mock.property(globalThis, "TextDecoder", undefined as never);
  assert.deepEqual(
    texts.map((text) => textEncoder().encode(text)),
    bytes,
  );
  assert.deepEqual(
    bytes.map((some) => textDecoder().decode(some)),
    texts.map((text) => text.replace(/\p{Cs}/gu, "\ufffd")),
  );
});
