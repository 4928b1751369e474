import { steadymixError } from "./errors.js";

/** What `restore()` hands to a constructor. No settings, which may come from outside, are ever taken for one. */
export class Snapshot {
  readonly text: string;

  constructor(text: unknown) {
    if (typeof text !== "string") throw steadymixError("INVALID_SNAPSHOT", `a snapshot is a text, not ${kindOf(text)}`);
    this.text = text;
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
