import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The viewer without WebAssembly, for a process that also has the one with WebAssembly. The entries of a folder share one glue,
 * so this one is loaded from a copy of the package.
 */
export async function viewerWithoutWasm(): Promise<typeof import("steadymix/viewer")> {
  const copy = mkdtempSync(join(tmpdir(), "steadymix-no-wasm-"));
  try {
    cpSync(join(import.meta.dirname, "..", "..", "dist"), copy, { recursive: true });
    return await import(pathToFileURL(join(copy, "viewer", "index.no-wasm.js")).href);
  } finally {
    rmSync(copy, { recursive: true });
  }
}
