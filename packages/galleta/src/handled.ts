/**
 * Returns the promise, and keeps its rejection from ending the process if no code awaits it.
 * Without this, a client could end the process if a view forgets to await `req.json()`. Code that
 * awaits the promise still gets the error.
 */
export function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
