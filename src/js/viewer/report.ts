/** Gives an error to whoever takes errors, or else to the console. */
export function report(error: unknown, to: { onError?: (error: unknown) => void }): void {
  safely(() => (to.onError ? to.onError(error) : console.warn("steadymix:", error)));
}

/** What an application makes of what it is told must not keep anything from going on. */
export function safely(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    console.error("steadymix:", error);
  }
}
