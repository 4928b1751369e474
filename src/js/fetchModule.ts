/** Compiles a module while it is downloaded. Rejects with an `Error` that names the address if it is not there. */
export async function fetchModule(address: URL): Promise<WebAssembly.Module> {
  const answer = await fetch(address);
  const type = answer.headers.get("content-type") ?? "none";
  if (!answer.ok) throw missing(address, `HTTP ${answer.status}`);
  try {
    return await (type.startsWith("application/wasm")
      ? WebAssembly.compileStreaming(answer)
      : WebAssembly.compile(await answer.arrayBuffer()));
  } catch (cause) {
    throw missing(address, `content type ${type}`, { cause });
  }
}

function missing(address: URL, answered: string, options?: ErrorOptions): Error {
  const hint = "serve the package's core.wasm there, or import the entry without /streaming";
  return new Error(`steadymix: no WebAssembly module at ${address} (${answered}): ${hint}`, options);
}
