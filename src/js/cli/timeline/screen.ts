/** Prints the timeline, 80 columns wide. */
import type { SteadymixEvent } from "../../types.js";
import { clock, LEGEND, painter, sentence, wrap } from "./timeline.js";

const WIDTH = 80;
/** The width of `12:34 backup  ▶ `. */
const INDENT = 18;

/** https://no-color.org */
export function isColoured(env: NodeJS.ProcessEnv): boolean {
  return process.stdout.isTTY === true && !env.NO_COLOR;
}

export class Screen {
  readonly #paint;
  readonly #write: (line: string) => void;
  readonly #began: number;

  constructor(began: number, write: (line: string) => void, colours: boolean) {
    this.#began = began;
    this.#write = write;
    this.#paint = painter(colours);
  }

  title(text: string): void {
    this.#write(this.#paint("bold", text));
    this.#write("");
    // No line break between a sign and its meaning.
    const legend = LEGEND.map(([sign, meaning]) => `${sign} ${meaning}`.replaceAll(" ", "\u00a0")).join("   ");
    for (const line of wrap(legend, WIDTH)) this.#write(line.replaceAll("\u00a0", " ").trimEnd());
  }

  /** Announces the next fault and what should happen. */
  act(number: number, title: string, what: string): void {
    this.#write("");
    const head = `── ${number}. ${title} `;
    this.#write(this.#paint("bold", head.padEnd(WIDTH, "─")));
    for (const line of wrap(what, WIDTH - 3)) this.#write(this.#paint("grey", `   ${line}`));
  }

  event(event: SteadymixEvent): void {
    const entry = sentence(event);
    if (entry === undefined) return;
    const [sign, colour, text] = entry;
    const [first = "", ...rest] = wrap(text, WIDTH - INDENT);
    const head = `${clock(event.at - this.#began)} ${event.lane.slice(0, 8).padEnd(9)} ${sign} `;
    this.#write(head + this.#paint(colour, first));
    for (const line of rest) this.#write(" ".repeat(INDENT) + this.#paint(colour, line));
  }

  summary(rows: [label: string, value: string, ok?: boolean][]): void {
    this.#write("");
    this.#write(this.#paint("bold", "── Summary ".padEnd(WIDTH, "─")));
    for (const [label, value, ok] of rows) {
      const shown = ok === undefined ? value : this.#paint(ok ? "green" : "red", value);
      this.#write(`   ${label.padEnd(30)} ${shown}`);
    }
  }

  line(text: string): void {
    this.#write(text);
  }
}
