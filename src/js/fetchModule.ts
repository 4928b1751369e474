/** The shortest valid module. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Compiles a module while it is downloaded. Rejects with an `Error` that names the address and the reason: the network, the
 * page's content security policy, or a file that is not a module.
 */
export async function fetchModule(address: URL): Promise<WebAssembly.Module> {
  try {
    checkAllowed();
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    // `compileStreaming` refuses any other content type, also one with parameters.
    const isStreamable = answer.headers.get("content-type")?.toLowerCase() === "application/wasm";
    return await (isStreamable
      ? WebAssembly.compileStreaming(answer)
      : WebAssembly.compile(await answer.arrayBuffer()));
  } catch (cause) {
    throw new Error(`steadymix: cannot load WebAssembly from ${address}: ${messageOf(cause)}`, { cause });
  }
}

/** Throws if a policy forbids WebAssembly. WebKit would still compile the module, and only refuse to instantiate it. */
function checkAllowed(): void {
  try {
    new WebAssembly.Instance(new WebAssembly.Module(EMPTY));
  } catch (cause) {
    const reason = "WebAssembly is not allowed here, perhaps by a content security policy without 'wasm-unsafe-eval'";
    throw new Error(`${reason} (${messageOf(cause)})`, { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
