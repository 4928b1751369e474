/**
 * A member of what the application gave, which may be an instance of a class: a function keeps its `this`. The global fetch
 * has none of ours: browsers and workerd would refuse it.
 */
export function member<T extends object, K extends keyof T>(of: T, name: K): T[K] {
  const given = of[name];
  if (typeof given !== "function" || (given as unknown) === globalThis.fetch) return given;
  return ((...values: unknown[]) => Reflect.apply(given, of, values)) as T[K];
}
