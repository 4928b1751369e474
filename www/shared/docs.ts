import type { Language } from "./language.ts";

/** The documentation, which the Worker serves, too. */
export const DOCS: Record<Language, { text: string; address: string }> = {
  en: { text: "Docs", address: "/docs/" },
  zh: { text: "文档", address: "/docs/zh/" },
};
