/**
 * Lets a process end though a timer waits. On workers a timer is a number, and nothing has to be
 * done: they end when they like.
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
