/** A value, or the promise of one: without a store everything is synchronous. */
export type MaybePromise<T> = T | Promise<T>;
