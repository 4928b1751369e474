/** The pages of the documentation, and what the checks need to know of Markdown. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..", "..");
export const read = (file: string) => readFileSync(join(root, file), "utf8");

const SITE = "www/docs";

/** All pages of the site in English, and the README. */
export const PAGES = ["README.md", ...markdownIn(SITE).filter((file) => !file.startsWith(`${SITE}/zh/`))];

/** The same page in Chinese. */
export const chineseOf = (page: string) =>
  page === "README.md" ? "README.zh-CN.md" : page.replace(`${SITE}/`, `${SITE}/zh/`);

/** The Chinese pages that exist. */
export const CHINESE_PAGES = ["README.zh-CN.md", ...markdownIn(`${SITE}/zh`)];

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && !name.startsWith(".vitepress"))
    .map((name) => `${folder}/${name}`)
    .sort();
}

/** A fenced code block. */
export interface Block {
  page: string;
  /** The line of the file on which its code begins, from 1. */
  line: number;
  language: string;
  /** The flags after the language. */
  flags: string[];
  code: string;
}

interface Parts {
  blocks: Block[];
  /** The file without its code blocks and front matter, line by line; left out lines are empty. */
  prose: string[];
}

/** Splits a file into code blocks and prose. */
export function partsOf(page: string, text = read(page)): Parts {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  const prose = lines.map(() => "");
  let i = lines[0] === "---" ? lines.indexOf("---", 1) + 1 : 0;
  for (; i < lines.length; i += 1) {
    const [, indent = "", fence, info = ""] = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(lines[i] ?? "") ?? [];
    if (!fence) {
      prose[i] = lines[i] ?? "";
      continue;
    }
    const begin = i + 1;
    while (i + 1 < lines.length && lines[i + 1]?.trim() !== fence) i += 1;
    const code = lines.slice(begin, i + 1).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    i += 1;
    // VitePress allows a title in brackets and lines to highlight in braces.
    const [language = "", ...flags] = info
      .trim()
      .replaceAll(/\s*(\[[^\]]*\]|\{[^}]*\})/g, "")
      .split(/\s+/);
    blocks.push({ page, line: begin + 1, language, flags, code: `${code.join("\n")}\n` });
  }
  return { blocks, prose };
}

export interface Heading {
  level: number;
  text: string;
  /** An explicit anchor of a page of the site: `## Title {#anchor}`. */
  id: string | undefined;
}

export function headingsOf(prose: string[]): Heading[] {
  return prose.flatMap((line) => {
    const [, hashes, text = ""] = /^(#+) +(.*)$/.exec(line) ?? [];
    if (!hashes) return [];
    const [, title = text, id] = /^(.*?)\s*\{#([^}]+)\}\s*$/.exec(text) ?? [];
    return [{ level: hashes.length, text: title, id }];
  });
}

/** All inline code, once each. */
export function inlineCode(prose: string[]): string[] {
  const text = prose.join("\n");
  const found = [...text.matchAll(/(?<!`)(`+)(?!`)([\s\S]*?[^`])\1(?!`)/g)].map(([, , code]) => code ?? "");
  return [...new Set(found.map((code) => code.replaceAll(/\s+/g, " ").trim()))].sort();
}

/** The text without inline code, in which brackets are no links. */
export function withoutCode(prose: string[]): string {
  return prose.join("\n").replaceAll(/(?<!`)(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, (code) => code.replaceAll(/[^\n]/g, "x"));
}

/** Code without comments and empty lines. */
export function withoutComments(code: string): string[] {
  return code
    .replaceAll(/\{?\/\*[\s\S]*?\*\/\}?/g, "")
    .split("\n")
    .map((line) => line.replace(/(^|\s+)(\/\/|#|<!--)( .*)?$/, "").trimEnd())
    .filter((line) => line !== "");
}
