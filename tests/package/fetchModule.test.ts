import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

/** The types of the build step: they exist before the package does. */
type FetchModule = typeof import("../../target/build/typescript/fetchModule.js");
const { fetchModule } = (await import("../../dist/fetchModule.js" as string)) as FetchModule;

const ADDRESS = new URL("https://a.example/core.wasm");
const NAMED = { "content-type": "application/wasm" };
const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Mocks the answer to the module's address. */
function serve(t: TestContext, answer: () => Response) {
  return t.mock.method(globalThis, "fetch", async () => answer());
}

test("the module is compiled with any content type", async (t) => {
  for (const headers of [NAMED, { "content-type": "application/wasm; charset=utf-8" }, undefined]) {
    serve(t, () => new Response(MODULE, headers && { headers }));
    assert.ok((await fetchModule(ADDRESS)) instanceof WebAssembly.Module);
  }
});

/** How engines report a page's policy that forbids WebAssembly: the constructor that throws, and the error. */
const FORBIDDEN = {
  "WebKit, at the instance": ["Instance", new WebAssembly.CompileError("Refused to create a WebAssembly object")],
  "Chromium and Firefox, at the module": ["Module", new WebAssembly.CompileError("Wasm code generation disallowed")],
  "an engine with an error of its own": ["Instance", "forbidden"],
} as const;

for (const [engine, [place, thrown]] of Object.entries(FORBIDDEN)) {
  test(`a policy that forbids WebAssembly is reported before the download: ${engine}`, async (t) => {
    const { mock } = serve(t, () => new Response(MODULE, { headers: NAMED }));
    // It is called with `new`, so it is not an arrow function.
    t.mock.method(WebAssembly, place, function refuse() {
      throw thrown;
    });
    await assert.rejects(fetchModule(ADDRESS), (error: Error) => {
      assert.ok(
        error.message.startsWith(`steadymix: cannot load WebAssembly from ${ADDRESS}: WebAssembly is not allowed here`),
      );
      assert.match(error.message, /'wasm-unsafe-eval'/);
      assert.ok(error.message.includes(thrown instanceof Error ? thrown.message : thrown));
      return true;
    });
    assert.equal(mock.callCount(), 0);
  });
}

test("a runtime without WebAssembly and failed downloads are reported", async (t) => {
  const { mock } = serve(t, () => new Response("<html>", { headers: NAMED }));
  await assert.rejects(
    fetchModule(ADDRESS),
    /^Error: steadymix: cannot load WebAssembly from https:\/\/a\.example\/core\.wasm: /,
  );
  mock.mockImplementation(async () => new Response(null, { status: 404 }));
  await assert.rejects(fetchModule(ADDRESS), /core\.wasm: HTTP 404$/);
  mock.mockImplementation(async () => {
    throw new TypeError("Failed to fetch");
  });
  await assert.rejects(fetchModule(ADDRESS), /core\.wasm: Failed to fetch$/);
  const { WebAssembly: own } = globalThis;
  Reflect.deleteProperty(globalThis, "WebAssembly");
  try {
    await assert.rejects(
      fetchModule(ADDRESS),
      /core\.wasm: WebAssembly is not allowed here.*WebAssembly is not defined/,
    );
  } finally {
    Object.defineProperty(globalThis, "WebAssembly", { value: own, configurable: true, writable: true });
  }
});
