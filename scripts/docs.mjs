// `npm run docs`: builds the documentation in target/www/docs: the pages of www/docs, the API reference and the crate's reference.
// Fails on undocumented public items and dead links.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EXTERNAL_LINKS } from "./build/docs.mjs";
import { build } from "./build/graph.mjs";
import { releaseDocs } from "./build/steps.mjs";
import { fail, inRoot, messageOf } from "./lib.mjs";

try {
  await build([releaseDocs]).all;
  const file = join(releaseDocs.folder ?? "", EXTERNAL_LINKS);
  const links = readFileSync(inRoot(file), "utf8").trim().split("\n").length;
  console.log(
    `${releaseDocs.folder}/index.html; ${links} links to other sites, which are not followed, are in ${file}`,
  );
} catch (error) {
  fail(messageOf(error));
}
