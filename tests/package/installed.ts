/** The package as users get it: packed, and installed in an empty folder. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

export function installed(): { folder: string; files: string[]; tarball: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "steadymix-"));
  const npm = (...args: string[]) => execFileSync("npm", args, { cwd: folder, encoding: "utf8" });
  const packed = npm("pack", "--json", "--ignore-scripts", "--pack-destination", folder, root);
  const [made] = Object.values(JSON.parse(packed) as Record<string, { filename: string; files: { path: string }[] }>);
  if (made === undefined) throw new Error(packed);
  writeFileSync(join(folder, "package.json"), "{}");
  npm("install", "--prefer-offline", "--no-audit", "--no-fund", `./${made.filename}`);
  return {
    folder,
    files: made.files.map(({ path }) => path),
    tarball: readFileSync(join(folder, made.filename)),
  };
}
