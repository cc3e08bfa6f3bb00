/**
 * Marks a promise as handled. Without this, a view that forgets to `await req.json()` would let a
 * client end the process. Code that awaits the promise still gets the error.
 */
export function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
