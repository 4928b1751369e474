import { asText } from "./check.js";

/** Passed by `restore()` to a constructor. Settings, which may come from outside, can never be taken for a snapshot. */
export class Snapshot {
  readonly #text: string;

  constructor(text: unknown) {
    this.#text = asText("snapshot", text, "INVALID_SNAPSHOT");
  }

  /** The text if this is a snapshot. Runs no code of anything else, not even of a proxy. */
  static textOf(given: unknown): string | undefined {
    return typeof given === "object" && given !== null && #text in given ? given.#text : undefined;
  }
}
