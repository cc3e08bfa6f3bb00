/** A value, or the promise of one: without a store everything is synchronous. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Goes on with a value: at once, or when it is there.
 *
 * @param fail is told why it will not be there; what `goOn` throws at once is thrown
 */
export function when<T, U>(
  value: MaybePromise<T>,
  goOn: (value: T) => U,
  fail?: (error: unknown) => U,
): MaybePromise<U> {
  return value instanceof Promise ? value.then(goOn, fail) : goOn(value);
}
