import type { SessionContext } from "./context.ts";
import { ownerOf } from "./dictionary.ts";
import { isObject } from "./json.ts";
import type { Shared } from "./shared.ts";

/**
 * The properties of a framework's object that may hold the session, as in `event.locals.session`.
 */
const PLACES = ["context", "locals", "var", "request"] as const;

/**
 * Finds the session in a request, a context or a socket, or in an object that it contains.
 *
 * @returns `undefined` if there is no session, or if it was set up with other options
 */
export function findIn(given: object, property: string, shared: Shared): object | undefined {
  const session = sessionIn(given, property);
  const context = session && (ownerOf(session) as SessionContext | undefined);
  return context?.shared === shared ? session : undefined;
}

function sessionIn(given: object, property: string): object | undefined {
  const whole = given as Record<string, unknown>;
  if (isObject(whole[property])) return whole[property];
  for (const place of PLACES) {
    const part = whole[place];
    if (isObject(part) && isObject(part[property])) return part[property];
  }
  return undefined;
}
