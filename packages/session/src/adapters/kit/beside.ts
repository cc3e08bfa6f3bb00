import { isChunkName } from "../../cookie/chunks.ts";
import { acrossCopies } from "../../copies.ts";
import { optionError } from "../../errors.ts";
import type { Shared } from "../../session/shared.ts";

/** A session of a request, with access to the options that it was made with. */
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
 * @throws SessionError `ERR_SESSION_OPTION`; the message names the option that both have in common
 */
export function assertApart(one: Member, other: Member): void {
  const [first, second] = [one, other].map(({ sessions, shared }) => shared ?? sessions?.shared);
  // The sessions on the locals of a prerendered page have no options.
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
      `The sessions ${names} answer at the same address. Give one of them another exchangePath.`,
    );
  }
}

/** The sessions of this process that were set up last, by property and cookie. */
const inProcess = /* @__PURE__ */ acrossCopies("set-up", () => new Map<string, WeakRef<Shared>>());

/**
 * Checks sessions at their set-up against the others of this process, for adapters that see only
 * one of them in a request. Sessions with the same property are not compared: bundlers and dev
 * servers run a module several times, which sets up the same sessions again.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if sessions with another property have the same cookie
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
 * True if the cookies of both sessions, given the same name, would overwrite each other in a
 * browser.
 */
function hasSamePlace({ settings: one }: Shared, { settings: other }: Shared): boolean {
  return one.current.path === other.current.path && one.current.domain === other.current.domain;
}

/** True if the sessions read or write a cookie of this name. */
function takes({ settings }: Shared, cookie: string): boolean {
  const { cookieName, chunks, formats } = settings;
  const isChunk = chunks !== false && isChunkName(cookieName, cookie);
  return (
    cookie === cookieName || isChunk || formats.some((each) => each.cookieNames.includes(cookie))
  );
}
