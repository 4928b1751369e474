/** The page's storage of this name. A browser may not allow any: then nothing is kept. */
export function storage(name: "localStorage" | "sessionStorage"): Storage | undefined {
  try {
    return window[name];
  } catch {
    return undefined;
  }
}
