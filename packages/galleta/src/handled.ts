/**
 * Prevents an unhandled rejection, which would end the process. Without this, a client could cause
 * one if a view forgets to `await req.json()`. Code that awaits the promise still gets the error.
 */
export function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
