// A process may hold two copies of this package: a bundler takes the ES module for `import` and the
// CommonJS one for `require`. Each copy must recognize the objects of the other.

/**
 * Returns the value of a name, shared by all copies of this package in a process.
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
  // A class body that names its own class would get another name from the bundler, which users
  // would see in stacks. So a subclass is recognized by what it inherits.
  if (!Object.hasOwn(asked, Symbol.hasInstance)) {
    return Function.prototype[Symbol.hasInstance].call(asked, value);
  }
  return typeof value === "object" && value !== null && brand in value;
}
