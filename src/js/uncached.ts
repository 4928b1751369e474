/**
 * Keeps calls out of the cache that a framework such as Next.js puts in front of `fetch`. Empty where the runtime does not know
 * the option: Workers with older compatibility dates throw if it is set.
 */
export const UNCACHED: { cache?: "no-store" } =
  typeof Request === "function" && "cache" in Request.prototype ? { cache: "no-store" } : {};
