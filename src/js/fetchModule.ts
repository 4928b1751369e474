const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Compiles a module while it is downloaded. Rejects with an `Error` that names the address, whatever was in the way: the
 * network, the page's security policy, or another file in its place.
 */
export async function fetchModule(address: URL): Promise<WebAssembly.Module> {
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    // With parameters, or under another name, it is not compiled on the way.
    const isNamed = answer.headers.get("content-type")?.toLowerCase() === "application/wasm";
    const module = await (isNamed
      ? WebAssembly.compileStreaming(answer)
      : WebAssembly.compile(await answer.arrayBuffer()));
    // WebKit compiles what the policy forbids, and refuses only the instance. This one is empty.
    new WebAssembly.Instance(new WebAssembly.Module(EMPTY));
    return module;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`steadymix: no WebAssembly from ${address}: ${why}`, { cause });
  }
}
