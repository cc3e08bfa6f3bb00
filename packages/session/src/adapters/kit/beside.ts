import { isChunkName } from "../../cookie/chunks.ts";
import { acrossCopies } from "../../copies.ts";
import { optionError } from "../../errors.ts";
import type { Shared } from "../../session/shared.ts";

/** One of the sessions of a request, with the options that the app set for it. */
export interface Member {
  readonly sessions?: { readonly shared: Shared; readonly property: string };
  readonly shared?: Shared;
}

/** Returns the name of the property under which a handler finds the session. */
export function propertyOf({ sessions, shared }: Member): string {
  return sessions?.property ?? shared?.settings.property ?? "session";
}

/**
 * Checks that two sessions of one request differ in their property, cookie and endpoints.
 *
 * @throws SessionError `ERR_SESSION_OPTION`; the message names the option to change
 */
export function assertApart(one: Member, other: Member): void {
  const [first, second] = [one, other].map(({ sessions, shared }) => shared ?? sessions?.shared);
  // The placeholder for the session of a prerendered page has no options.
  if (first === undefined || second === undefined) return;
  if (first.settings.property === second.settings.property) {
    throw optionError(
      "Two sessions of one request have the same property. Give one of them another property.",
    );
  }
  const names = `${first.settings.property} and ${second.settings.property}`;
  if (takes(first, second.settings.cookieName) || takes(second, first.settings.cookieName)) {
    throw optionError(
      `The sessions ${names} use the same cookie. Give one of them another sessionCookie.`,
    );
  }
  for (const path of first.endpoints.keys()) {
    if (!second.endpoints.has(path)) continue;
    throw optionError(
      `The sessions ${names} both serve ${path}. Give one of them another exchangePath.`,
    );
  }
}

/** The sessions that this process created last for each pair of property and cookie name. */
const inProcess = /* @__PURE__ */ acrossCopies("set-up", () => new Map<string, WeakRef<Shared>>());

/**
 * Checks that new sessions use another cookie than sessions that this process created before.
 * Adapters that see only one session of a request call this instead of {@link assertApart}.
 * Sessions with the same property are not compared: bundlers and dev servers run a module several
 * times, which creates the same sessions again.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if sessions with another property use the same cookie
 */
export function assertApartInProcess({ shared, property }: NonNullable<Member["sessions"]>): void {
  for (const [name, weak] of inProcess) {
    const other = weak.deref();
    if (other === undefined) inProcess.delete(name);
    else if (other.settings.property !== property && hasSamePlace(shared, other)) {
      assertApart({ shared }, { shared: other });
    }
  }
  inProcess.set(`${property} ${shared.settings.cookieName}`, new WeakRef(shared));
}

/**
 * True if two sessions set cookies for the same path and domain. Then their cookie names must
 * differ.
 */
function hasSamePlace({ settings: one }: Shared, { settings: other }: Shared): boolean {
  return one.current.path === other.current.path && one.current.domain === other.current.domain;
}

/**
 * True if the given sessions read or write a cookie of this name, also as a chunk or as a cookie of
 * another framework.
 */
function takes({ settings }: Shared, cookie: string): boolean {
  const { cookieName, chunks, formats } = settings;
  const isChunk = chunks !== false && isChunkName(cookieName, cookie);
  return (
    cookie === cookieName || isChunk || formats.some((each) => each.cookieNames.includes(cookie))
  );
}
