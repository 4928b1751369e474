/**
 * A member of an application's object. A method keeps its `this`, except for the global `fetch`, which browsers and workerd
 * refuse to call on another object.
 */
export function member<T extends object, K extends keyof T>(of: T, name: K): T[K] {
  const given = of[name];
  if (typeof given !== "function" || (given as unknown) === globalThis.fetch) return given;
  return ((...values: unknown[]) => Reflect.apply(given, of, values)) as T[K];
}
