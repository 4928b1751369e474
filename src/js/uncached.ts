/**
 * Keeps a call out of caches: a framework may have put one in front of `fetch`, as Next.js does. Empty where the runtime does
 * not know it: Workers of older compatibility dates throw at it.
 */
export const UNCACHED: { cache?: "no-store" } =
  typeof Request === "function" && "cache" in Request.prototype ? { cache: "no-store" } : {};
