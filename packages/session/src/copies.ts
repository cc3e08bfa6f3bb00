// A process may hold two copies of this package: a bundler takes the ES module for `import` and the
// CommonJS one for `require`. Each copy must recognize the objects of the other.

/**
 * Returns the value that all copies of this package in a process share under a name.
 *
 * @param create makes the value for the first copy that calls this
 */
export function acrossCopies<T>(name: string, create: () => T): T {
  const registry = globalThis as unknown as Record<symbol, T | undefined>;
  return (registry[Symbol.for(`galleta.${name}`)] ??= create());
}

/**
 * Implements `Symbol.hasInstance` for a class whose instances carry a brand, so that instances from
 * another copy of the package count.
 * @param asked the class on the right of `instanceof`, which may be a subclass
 */
export function isBranded(asked: object, brand: symbol, value: unknown): boolean {
  // A subclass inherits `Symbol.hasInstance` without owning it, and gets the usual check. If a
  // class named itself in its body to compare, the bundler would rename it, and users would see the
  // other name in stack traces.
  if (!Object.hasOwn(asked, Symbol.hasInstance)) {
    return Function.prototype[Symbol.hasInstance].call(asked, value);
  }
  return typeof value === "object" && value !== null && brand in value;
}
