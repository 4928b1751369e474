import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The viewer without WebAssembly, beside the one that has it: all entries of a folder start the same glue, so that the
 * other one needs a copy of it.
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
