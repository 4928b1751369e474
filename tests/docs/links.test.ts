/** The links of the repository's own documents. Those of the site are checked when it is built. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { filesAt } from "../../scripts/build/files.mjs";
import { headingsOf, partsOf, read, root, withoutCode } from "./markdown.ts";

const READMES = ["README.md", "README.zh-CN.md"];
const DOCUMENTS = [
  ...READMES,
  ...["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"],
  ...["scripts", "src", "tests", "www"].flatMap((folder) => filesAt(folder, /^README\.md$/)),
];

/** The targets of all links and images. */
function linksOf(page: string): string[] {
  const text = withoutCode(partsOf(page).prose);
  const inline = [...text.matchAll(/\]\(\s*<?([^\s)>]+)/g)];
  const defined = [...text.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  const elements = [...text.matchAll(/<(?:a|img|source)\b[^>]*?\s(?:href|src|srcset)="([^"]+)"/g)];
  return [...inline, ...defined, ...elements].map(([, target]) => target ?? "");
}

/** The anchors that GitHub and npm give to headings. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  const { prose } = partsOf(page);
  for (const { text } of headingsOf(prose)) {
    const slug = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let i = 1; anchors.has(anchor); i += 1) anchor = `${slug}-${i}`;
    anchors.add(anchor);
  }
  for (const [, id] of prose.join("\n").matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(id ?? "");
  return anchors;
}

/** Absolute addresses are not fetched. */
const isAbsolute = (link: string) => /^(https?|mailto):/.test(link);

for (const page of DOCUMENTS) {
  test(`the links of ${page} lead to files and anchors that exist`, () => {
    const dead = linksOf(page).filter((link) => {
      if (isAbsolute(link)) return false;
      const [path = "", anchor] = decodeURI(link).split("#");
      const file = path === "" ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && file.endsWith(".md") && !anchorsOf(file).has(anchor);
    });
    assert.deepEqual(dead, []);
  });
}

for (const page of READMES) {
  test(`the links of ${page} work on a registry's page`, () => {
    const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: string[] };
    // npm packs the last two in any case.
    const packed = [...files, "README.md", "package.json"].map(
      (name) => new RegExp(`^${name.replace("*", ".*")}(/|$)`),
    );
    const other = linksOf(page).filter((link) => {
      const [path = ""] = link.replace(/^\.\//, "").split("#");
      return !isAbsolute(link) && path !== "" && !packed.some((name) => name.test(path));
    });
    assert.deepEqual(other, []);
  });
}

test("the documents that are checked have links", () => {
  assert.ok(DOCUMENTS.includes("www/README.md"), DOCUMENTS.join());
  assert.ok(linksOf("ARCHITECTURE.md").includes("src/supervisor/README.md"));
  assert.ok(read("README.md").length > 0);
});
