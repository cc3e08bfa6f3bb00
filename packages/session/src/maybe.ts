/** A value, or a promise of the value if a store must answer first. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Calls a function with a value: immediately, or when the promise of the value resolves.
 *
 * @param fail receives the reason if the promise rejects; if `goOn` throws synchronously, so does
 *   `when`
 */
export function when<T, U>(
  value: MaybePromise<T>,
  goOn: (value: T) => U,
  fail?: (error: unknown) => U,
): MaybePromise<U> {
  return value instanceof Promise ? value.then(goOn, fail) : goOn(value);
}
