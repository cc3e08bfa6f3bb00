/** A value or a promise of it. Without a store everything is synchronous. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Continues with a value, immediately or when its promise resolves.
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
