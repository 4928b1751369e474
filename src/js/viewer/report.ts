/** Gives an error to whoever takes errors, or else to the console. */
export function report(error: unknown, to: { onError?: (error: unknown) => void }): void {
  if (to.onError) to.onError(error);
  else console.warn("steadymix:", error);
}
