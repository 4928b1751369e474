/** What is done with an error for which nobody has another use. */
export function warn(error: unknown): void {
  console.warn("steadymix:", error);
}
