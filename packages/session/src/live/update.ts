import { SessionError } from "../errors.ts";
import { contextOf } from "../session/context.ts";
import { updateInStore } from "./update-store.ts";
import { hasEnded } from "./socket-session.ts";
import { changeOpen } from "./draft.ts";
import { LiveHub } from "./hub.ts";
import { updateByTicket } from "./update-ticket.ts";

/** Options of {@link update}. */
export interface UpdateOptions {
  /**
   * Sends a ticket to the page, which posts it as it is to the exchange (`/.galleta/session`) of
   * its own site. Needed only without a store, on sockets whose page does not use
   * `@galleta/session/client`; with it the update is done when the exchange was answered.
   */
  readonly deliver?: ((ticket: string) => unknown) | undefined;
  /** Seconds until the page must have exchanged its ticket. Default 10, 60 at most. */
  readonly timeout?: number | undefined;
}

const DEFAULT_TIMEOUT = 10;

/**
 * Changes a session, also where a cookie can no longer be set: on a socket after its handshake.
 * With a store the change holds as soon as this resolves. Without one the page fetches its new
 * cookie, and this resolves when the page has it. In a request that is still being answered it is
 * the same as changing the session.
 *
 * @param change makes the change; called again, with newer data, where another change was faster.
 * It must return no promise: what it did after an `await` would be lost
 * @throws SessionError `ERR_SESSION_ENDED`; `ERR_SESSION_ASYNC_CHANGE` where the change returns a
 * promise, and nothing of it is applied; `ERR_SESSION_NOT_JSON`, `ERR_SESSION_SCHEMA` and
 * `ERR_SESSION_TOO_LARGE` as on a commit; with a store `ERR_SESSION_STORE`; with a page
 * `ERR_SESSION_UPDATE_TIMEOUT`, `ERR_SESSION_TICKET_*`, and `ERR_SESSION_STORE_REQUIRED` where there
 * is neither store nor page to do it
 * @example
 * ```ts
 * await update(ws.session, (draft) => {
 *   draft.lastId = 7;
 * });
 * ```
 */
export async function update<Session extends object, Outcome>(
  session: Session,
  change: (draft: Session) => Outcome extends PromiseLike<unknown> ? never : Outcome,
  options: UpdateOptions = {},
): Promise<void> {
  const context = contextOf(session);
  const { timeout = DEFAULT_TIMEOUT, deliver } = options;
  if (typeof timeout !== "number" || !(timeout > 0 && timeout <= 60)) {
    throw new SessionError("ERR_SESSION_OPTION", "timeout is a number of seconds, 60 at most.");
  }
  const run = change as (draft: object) => unknown;
  if (context.isOpen) {
    changeOpen(session, run);
    return;
  }
  const { live: hub, store } = context.shared;
  if (hasEnded(context)) context.assertOpen();
  if (store !== undefined) return updateInStore(context, store, run);
  const attached = hub instanceof LiveHub ? hub.registry.find(context) : undefined;
  // A response that went out, or a socket without a session: the error says so.
  if (!(hub instanceof LiveHub) || attached === undefined) return context.assertOpen();
  return updateByTicket(hub, attached, run, { deliver, timeout });
}
