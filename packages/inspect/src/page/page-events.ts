import type { SessionEvent, SessionEventType } from "@galleta/session";
import { REASONS } from "../cookies/reasons.ts";
import { DENIALS } from "@galleta/session/internals";
import { timeInWords } from "../cookies/words.ts";
import { html, type Html } from "./html.ts";
import type { View } from "./look.ts";
import { KEEP_MINUTES } from "../recorder.ts";

const WORDS: Readonly<Record<SessionEventType, readonly [words: string, style: string]>> = {
  created: ["Began", "good"],
  renewed: ["Renewed", "good"],
  destroyed: ["Ended", "none"],
  login: ["Login", "good"],
  logout: ["Logout", "none"],
  ended: ["Ended by another", "note"],
  rejected: ["Cookie rejected", "bad"],
  expired: ["Expired", "none"],
  rotated: ["Old key", "note"],
  migrated: ["Moved here", "good"],
  oversize: ["Too large", "bad"],
  conflict: ["Conflict", "note"],
  dropped: ["Write dropped", "note"],
  csrf: ["Request denied", "bad"],
  host: ["Host denied", "bad"],
  revoked: ["Ended before", "none"],
  store: ["Store failed", "bad"],
  device: ["Device", "note"],
};

/** Renders the session events of the last minutes in this process. */
export function renderEvents({ events, sessions, now }: View): Html {
  const own = sessions.flatMap(({ session }) => ("hash" in session ? [session.hash] : []));
  return html`<section aria-labelledby="events">
    <h2 id="events">Events of the last ${KEEP_MINUTES} minutes</h2>
    ${
      events.length === 0
        ? html`<p class="none">
            Nothing happened to any session. This list shows new sessions, rejected cookies and
            denied requests from other sites.
          </p>`
        : html`<table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Session</th>
                <th scope="col">What happened</th>
              </tr>
            </thead>
            <tbody>
              ${events.map((event) => renderEvent(event, own, now))}
            </tbody>
          </table>`
    }
  </section>`;
}

function renderEvent(event: SessionEvent, own: readonly string[], now: Date): Html {
  const [words, style] = WORDS[event.type];
  const { session } = event;
  const isOwn = session !== undefined && own.includes(session);
  const details = detailsOf(event);
  return html`<tr>
    <td class="narrow">${timeInWords(new Date(event.at), now)}</td>
    <td class="narrow">
      ${isOwn ? html`<strong>this one</strong>` : html`<code>${session?.slice(0, 8)}</code>`}
    </td>
    <td>
      <span class="${style}">${words}</span>
      ${details === "" ? "" : html`<div class="aside">${details}</div>`}
    </td>
  </tr> `;
}

function detailsOf(event: SessionEvent): string {
  const { reason, keys, keyIndex, format, size, message, label, by } = event;
  if (message !== undefined) return message;
  const details = [
    reason === undefined ? undefined : (SENTENCES.get(reason) ?? reason),
    keyIndex === undefined ? undefined : `verified with key number ${keyIndex + 1}`,
    format === undefined ? undefined : `from ${format}`,
    size === undefined ? undefined : `${size} bytes`,
    label,
    by === undefined ? undefined : `by ${by}`,
    keys === undefined ? undefined : `keys: ${keys.join(", ")}`,
  ];
  return details.filter((detail) => detail !== undefined).join("; ");
}

/** The sentence that explains each reason why a cookie was rejected or a request was denied. */
const SENTENCES: ReadonlyMap<string, string> = new Map([
  ...Object.entries(REASONS).map(([reason, { what }]) => [reason, what] as const),
  ...Object.values(DENIALS).map(({ rule, message }) => [rule, message] as const),
]);
