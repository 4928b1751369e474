/** Which language the pages speak. */
export type Language = "en" | "zh";

const KEPT = "steadymix.language";

export function preferredLanguage(): Language {
  const kept = storage()?.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function keepLanguage(language: Language): void {
  storage()?.setItem(KEPT, language);
}

/** A browser may not allow any. */
function storage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
