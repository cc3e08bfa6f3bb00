// A process may hold two copies of this package: a bundler takes the ES module for `import` and the
// CommonJS one for `require`. What one copy makes, the other must know.

/**
 * Returns the value of a name, shared by all copies of this package in a process.
 * @param create makes the value for the first copy that asks
 */
export function acrossCopies<T>(name: string, create: () => T): T {
  const registry = globalThis as unknown as Record<symbol, T | undefined>;
  return (registry[Symbol.for(`galleta.${name}`)] ??= create());
}

/**
 * Implements `Symbol.hasInstance` for a class whose instances carry a brand, so that instances of
 * another copy count.
 * @param asked the class on the right of `instanceof`; may be a subclass
 */
export function isBranded(own: unknown, asked: unknown, brand: symbol, value: unknown): boolean {
  if (asked !== own) return Function.prototype[Symbol.hasInstance].call(asked, value);
  return typeof value === "object" && value !== null && brand in value;
}
