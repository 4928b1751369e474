/**
 * Splits text into the words of the search. Chinese has no spaces, so each pair of neighbouring characters is a word. A single
 * character is found as the beginning of a pair.
 */
export function tokenize(text: string): string[] {
  const chinese = /([\p{Script=Han}々〇]+)/u;
  return text.split(/[\n\r\p{Z}\p{P}\p{S}]+/u).flatMap((word) =>
    word.split(chinese).flatMap((part) => {
      if (!chinese.test(part) || part.length < 2) return part ? [part] : [];
      return Array.from({ length: part.length - 1 }, (_, i) => part.slice(i, i + 2));
    }),
  );
}
