/** True if two types are the same, and not merely assignable. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where the type is true. */
export function same<_Holds extends true>(): void {}
