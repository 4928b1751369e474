/** The shortest module that there is. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Compiles a module while it is downloaded. Rejects with an `Error` that names the address, whatever was in the way: the
 * network, the page's security policy, or another file in its place.
 */
export async function fetchModule(address: URL): Promise<WebAssembly.Module> {
  try {
    checkAllowed();
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    // With parameters, or under another name, it is not compiled on the way.
    const isNamed = answer.headers.get("content-type")?.toLowerCase() === "application/wasm";
    return await (isNamed ? WebAssembly.compileStreaming(answer) : WebAssembly.compile(await answer.arrayBuffer()));
  } catch (cause) {
    throw new Error(`steadymix: no WebAssembly from ${address}: ${messageOf(cause)}`, { cause });
  }
}

/** A policy that forbids WebAssembly keeps some browsers from compiling; WebKit compiles, and refuses the instance. */
function checkAllowed(): void {
  try {
    new WebAssembly.Instance(new WebAssembly.Module(EMPTY));
  } catch (cause) {
    const why = "it is not allowed here, as by a content security policy without 'wasm-unsafe-eval'";
    throw new Error(`${why} (${messageOf(cause)})`, { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
