/** Passes an error to `onError`, or else to the console. */
export function report(error: unknown, to: { onError?: (error: unknown) => void }): void {
  safely(() => (to.onError ? to.onError(error) : console.warn("steadymix:", error)));
}

/** Calls the application. An error that it throws must not stop the viewer. */
export function safely(act: () => void): void {
  try {
    act();
  } catch (error) {
    console.error("steadymix:", error);
  }
}
