import { asText } from "./check.js";

/** Passed by `restore()` to a constructor. Settings may come from outside, and can never pass for a snapshot. */
export class Snapshot {
  readonly #text: string;

  constructor(text: unknown) {
    this.#text = asText("snapshot", text, "INVALID_SNAPSHOT");
  }

  /** The text if this is a snapshot. Runs no code of `given`, even if it is a proxy. */
  static textOf(given: unknown): string | undefined {
    return typeof given === "object" && given !== null && #text in given ? given.#text : undefined;
  }
}
