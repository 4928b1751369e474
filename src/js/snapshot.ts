import { asText } from "./check.js";

/** What `restore()` hands to a constructor. No settings, which may come from outside, are ever taken for one. */
export class Snapshot {
  readonly #text: string;

  constructor(text: unknown) {
    this.#text = asText("snapshot", text, "INVALID_SNAPSHOT");
  }

  /** The text, if this is a snapshot. Whatever else it is, a proxy even, it is not asked. */
  static textOf(given: unknown): string | undefined {
    return typeof given === "object" && given !== null && #text in given ? given.#text : undefined;
  }
}
