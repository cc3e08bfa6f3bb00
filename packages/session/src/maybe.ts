/** A value, or the promise of one: without a store everything is synchronous. */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on with a value: at once, or when it is there. */
export function when<T, U>(value: MaybePromise<T>, goOn: (value: T) => U): MaybePromise<U> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
