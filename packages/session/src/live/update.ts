import { SessionError } from "../errors.ts";
import { contextOf, type SessionContext } from "../session/context.ts";
import { ownerOf } from "../session/dictionary.ts";
import { updateInStore } from "./update-store.ts";
import { hasEnded } from "./socket-session.ts";
import { changeOpen } from "./draft.ts";
import { LiveHub } from "./hub.ts";
import { updateByTicket } from "./update-ticket.ts";

/** Options of {@link update}. */
export interface UpdateOptions {
  /**
   * Your function that sends a ticket to the page. The page posts the ticket unchanged to the path
   * `/.galleta/session` of its own site, and gets the new cookie. Needed only without a store, on
   * sockets whose page does not use `@galleta/session/client`. The promise of `update` then
   * resolves when the server has answered the page's request.
   */
  readonly deliver?: ((ticket: string) => unknown) | undefined;
  /** How many seconds the page has to fetch its new cookie. Default 10, at most 60. */
  readonly timeout?: number | undefined;
}

const DEFAULT_TIMEOUT = 10;

/**
 * Changes a session at any time, also on a socket after its handshake. With a store, the promise
 * resolves when the change is stored. Without a store, the page fetches a new cookie, and the
 * promise resolves when the page has it. Before the response of a request, `update` has the same
 * effect as changing the session directly.
 *
 * @param change makes the change; called again with newer data if another change came first. It
 *   must not return a promise: changes after an `await` would be lost
 * @throws SessionError `ERR_SESSION_ENDED`; `ERR_SESSION_ASYNC_CHANGE` if the change returns a
 *   promise (nothing is then applied); `ERR_SESSION_NOT_JSON`, `ERR_SESSION_SCHEMA` and
 *   `ERR_SESSION_TOO_LARGE` as on a commit; with a store `ERR_SESSION_STORE`; without one
 *   `ERR_SESSION_UPDATE_TIMEOUT`, `ERR_SESSION_TICKET_*`, or `ERR_SESSION_STORE_REQUIRED` if the
 *   page cannot fetch a cookie. A rejection that is not awaited does not end the process; the event
 *   `dropped` has its code as the reason
 * @example
 * ```ts
 * await update(ws.session, (draft) => {
 *   draft.lastId = 7;
 * });
 * ```
 */
export function update<Session extends object, Outcome>(
  session: Session,
  change: (draft: Session) => Outcome extends PromiseLike<unknown> ? never : Outcome,
  options: UpdateOptions = {},
): Promise<void> {
  const outcome = apply(session, change as (draft: object) => unknown, options);
  outcome.catch((error: unknown) => reportFailure(session, error));
  return outcome;
}

async function apply(
  session: object,
  run: (draft: object) => unknown,
  { timeout = DEFAULT_TIMEOUT, deliver }: UpdateOptions,
): Promise<void> {
  const context = contextOf(session);
  if (typeof timeout !== "number" || !(timeout > 0 && timeout <= 60)) {
    throw new SessionError(
      "ERR_SESSION_OPTION",
      "timeout must be a number of seconds, at most 60.",
    );
  }
  if (context.isOpen) {
    changeOpen(session, run);
    return;
  }
  const { live: hub, store } = context.shared;
  if (hasEnded(context)) context.assertOpen();
  if (store !== undefined) return updateInStore(context, store, run);
  const attached = hub instanceof LiveHub ? hub.registry.find(context) : undefined;
  // If the response was sent, or the socket has no session, this throws the error for that case.
  if (!(hub instanceof LiveHub) || attached === undefined) return context.assertOpen();
  return updateByTicket(hub, attached, run, { deliver, timeout });
}

/**
 * Reports a failed update. A client can cause a failure by logging out or by never fetching its
 * cookie. If the app forgot `await`, such a failure must not end the process, so the rejection is
 * handled here.
 */
function reportFailure(session: object, error: unknown): void {
  const context = ownerOf(session) as SessionContext<never> | undefined;
  if (context === undefined) return;
  const isOurs = error instanceof SessionError;
  context.shared.settings.events.emit("dropped", context.state.sid, {
    reason: isOurs ? error.code : "change",
    keys: [],
    // An error from the app's code may contain data.
    message: `An update of a session was not applied: ${isOurs ? error.message : "its function threw."}`,
  });
}
