/** Compares each page with its Chinese counterpart: headings, tables, lists, code blocks and inline code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CHINESE_PAGES, chineseOf, headingsOf, inlineCode, PAGES, partsOf, read, withoutComments } from "./markdown.ts";

/** What does not depend on the language, in order. */
function frameOf(page: string) {
  const { blocks, prose } = partsOf(page);
  const rest = prose.flatMap((line) => {
    // An escaped bar is part of a cell.
    if (/^\s*\|/.test(line)) return [`row of ${line.replaceAll("\\|", "").split("|").length - 2}`];
    const [, item] = /^(\s*(?:[-*]|\d+\.)) /.exec(line) ?? [];
    if (item) return [`item ${item}`];
    // Containers and components.
    const [, container] = /^\s*(:::+\s*[\w-]*)/.exec(line) ?? [];
    if (container) return [container];
    return /^<\/?[A-Z]/.test(line) ? [line] : [];
  });
  return {
    headings: headingsOf(prose).map(({ level, id }) => `${"#".repeat(level)} ${id ?? ""}`),
    rest,
    code: blocks.flatMap(({ language, flags, code }) => [[language, ...flags].join(" "), ...withoutComments(code)]),
  };
}

/** The keys of the front matter. */
function keysOf(page: string): string[] {
  const [, matter = ""] = /^---\n([\s\S]*?)\n---\n/.exec(read(page)) ?? [];
  return [...matter.matchAll(/^([\s-]*\w+):/gm)].map(([, key]) => key ?? "");
}

test("each page is there in both languages", () => {
  assert.deepEqual(CHINESE_PAGES, PAGES.map(chineseOf));
});

test("the sidebar has the titles of the guides", () => {
  const config = read("www/docs/.vitepress/config.ts");
  const wrong = [...PAGES, ...CHINESE_PAGES].flatMap((page) => {
    const [, name] = /\/guide\/([\w-]+)\.md$/.exec(page) ?? [];
    const title = headingsOf(partsOf(page).prose)[0]?.text;
    return name === undefined || config.includes(`["${name}", "${title}"]`) ? [] : [`${page}: ${title}`];
  });
  assert.deepEqual(wrong, []);
});

for (const page of PAGES.filter((page) => CHINESE_PAGES.includes(chineseOf(page)))) {
  test(`${page} has the same structure in both languages`, () => {
    assert.deepEqual(frameOf(chineseOf(page)), frameOf(page));
    assert.deepEqual(keysOf(chineseOf(page)), keysOf(page));
  });

  test(`${page} has the same inline code in both languages`, () => {
    assert.deepEqual(inlineCode(partsOf(chineseOf(page)).prose), inlineCode(partsOf(page).prose));
  });
}
