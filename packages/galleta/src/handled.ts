/**
 * Lets a promise be forgotten: a client must not end the process by making `req.json()` reject
 * where a view forgot its `await`. Whoever awaits the promise still gets the error.
 */
export function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
