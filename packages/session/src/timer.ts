/**
 * Lets the process exit although a timer is waiting. On Cloudflare Workers, a timer is a number and
 * needs no change.
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
