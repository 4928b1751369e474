/** The page's storage of this name. `undefined` if the browser forbids it: then nothing is stored. */
export function storage(name: "localStorage" | "sessionStorage"): Storage | undefined {
  try {
    return window[name];
  } catch {
    return undefined;
  }
}
