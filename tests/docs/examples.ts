/** The examples of the documentation as programs. */
import type { Block } from "./markdown.ts";

/** A block and those that continue it. */
export interface Example {
  /** The file that the compiler sees. Its lines are those of the page. */
  name: string;
  page: string;
  line: number;
  code: string;
  /** It runs to its end without services outside of it. */
  runs: boolean;
  /** It is for Cloudflare Workers, whose global types differ from those of pages and Node. */
  isForWorkers: boolean;
}

const EXTENSIONS: Record<string, string> = { js: "js", ts: "ts", jsx: "jsx", tsx: "tsx" };

export const isCode = ({ language }: Block) => language in EXTENSIONS;

/**
 * The examples of a page. Blocks whose fence says `continues` are appended to the one before them. A program is in TypeScript or
 * has JSX if one of its blocks is.
 */
export function examplesOf(page: string, blocks: Block[]): Example[] {
  const programs: Block[][] = [];
  for (const block of blocks.filter(isCode)) {
    if (!block.flags.includes("continues")) programs.push([block]);
    else if (programs.length > 0) programs.at(-1)?.push(block);
    else throw new Error(`${page}:${block.line}: there is no block that this one continues`);
  }
  return programs.map((program) => {
    const [first] = program;
    if (!first) throw new Error("a program has a block");
    let code = "";
    for (const block of program) code += "\n".repeat(block.line - 1 - (code.split("\n").length - 1)) + block.code;
    const language = (letter: string) => program.some(({ language }) => language.includes(letter));
    const extension = `${language("t") ? "ts" : "js"}${language("x") ? "x" : ""}`;
    return {
      name: `${page.replaceAll(/[/.]/g, "_")}_${first.line}.${extension}`,
      page,
      line: first.line,
      code,
      runs: program.some(({ flags }) => flags.includes("run")),
      isForWorkers: /from "(steadymix\/cloudflare|cloudflare:workers)"/.test(code),
    };
  });
}
