import { storage } from "./storage.ts";

/** The languages of the pages. */
export type Language = "en" | "zh";

const STORAGE_KEY = "steadymix.language";

export function preferredLanguage(): Language {
  const kept = storage("localStorage")?.getItem(STORAGE_KEY);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function keepLanguage(language: Language): void {
  storage("localStorage")?.setItem(STORAGE_KEY, language);
}
