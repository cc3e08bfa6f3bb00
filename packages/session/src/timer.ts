/**
 * Lets the process exit while a timer waits. On workers a timer is a number and needs no change.
 *
 * @example
 * ```ts
 * const timer = background(setInterval(sweep, 1000));
 * ```
 */
export function background(timer: NodeJS.Timeout): NodeJS.Timeout {
  if (typeof timer === "object") timer.unref();
  return timer;
}
