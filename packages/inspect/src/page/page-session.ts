import type { SessionDescription } from "@galleta/session";
import { plural, timeInWords } from "../cookies/words.ts";
import { REASONS } from "../cookies/reasons.ts";
import type { CookieReport } from "../cookies/report.ts";
import type { TokenField } from "../cookies/token-view.ts";
import { html, idOf, type Html } from "./html.ts";
import type { Found, SessionView, View } from "./look.ts";

const COOKIE_LIMIT = 4096;

/** Renders the session that the app gets as `req.session`, or as another property. */
export function renderSession(view: SessionView, { now, sessions }: View): Html {
  const { session, property } = view;
  const title =
    sessions.length > 1 ? html`This session <code>${property}</code>` : html`This session`;
  const card = (word: string, style: string, body: Html) => {
    const id = idOf("session", property);
    return html`<section aria-labelledby="${id}">
      <h2 id="${id}">${title} <span class="badge ${style}">${word}</span></h2>
      ${body}
    </section>`;
  };
  if ("failure" in session) return card("Not readable", "bad", html`<p>${session.failure}</p>`);
  const { about } = session;
  if (about.rejected !== undefined) {
    const { what, todo } = REASONS[about.rejected];
    const body = html`<p>${what} The app sees an empty session.</p>
      <p>${todo}</p>`;
    return card("Cookie rejected", "bad", body);
  }
  if (about.isNew) {
    const body = html`<p>
        This request has no session. A session begins when the app stores a value in
        <code>req.${property}</code>.
      </p>
      <h3>The cookie it would get</h3>
      <p>${flags(view.attributes)}</p>`;
    return card("None yet", "none", body);
  }
  return card("In force", "good", describeFound(session, view, now));
}

function describeFound(
  { about, data, metadata }: Found,
  { attributes, cookies }: SessionView,
  now: Date,
): Html {
  const hasMetadata = Object.keys(metadata).length > 0;
  return html`<dl>
      <dt>Id</dt>
      <dd class="mono">${about.id}</dd>
      ${times(about, now)}
      <dt>Key</dt>
      <dd><code>${about.keyId}</code></dd>
      ${cookies.map(size)}
      <dt>Attributes</dt>
      <dd>${flags(attributes)}</dd>
    </dl>
    <h3>Data</h3>
    <pre>${JSON.stringify(data, null, 2)}</pre>
    ${
      hasMetadata
        ? html`<h3>Kept beside the data</h3>
            <pre>${JSON.stringify(metadata, null, 2)}</pre>`
        : ""
    }`;
}

function times({ createdAt, issuedAt, expiresAt }: SessionDescription, now: Date): Html[] {
  const rows: readonly [string, Date | null][] = [
    ["Began", createdAt],
    ["Issued", issuedAt],
    ["Expires", expiresAt],
  ];
  return rows.map(
    ([label, time]) =>
      html`<dt>${label}</dt>
        <dd>${time === null ? "not by itself" : at(time, now)}</dd> `,
  );
}

/** Renders a time relative to now, together with the exact time. */
export function at(time: Date, now: Date): Html {
  const instant = time.toISOString().replace("T", " ").replace(/\..*/, " UTC");
  return html`${timeInWords(time, now)} <span class="aside">${instant}</span>`;
}

/** Renders a row that shows how much of the largest allowed size a cookie uses. */
export function size({ size: bytes, cookies, name }: CookieReport): Html {
  const limit = COOKIE_LIMIT * cookies.length;
  const label = `Size of ${name}`;
  return html`<dt>Size</dt>
    <dd>
      <meter
        aria-label="${label}"
        min="0"
        max="${limit}"
        high="${limit * 0.9}"
        value="${bytes}"
      ></meter>
      ${bytes} of ${limit} bytes
      ${cookies.length > 1 ? html`<span class="aside">in ${plural(cookies.length, "cookie")}</span>` : ""}
    </dd> `;
}

const flags = (attributes: readonly string[]): Html[] =>
  attributes.map((attribute) => html`<code>${attribute}</code> `);

/** Renders the session cookies of the request, split into their parts. */
export function renderCookies({ cookies, session, property }: SessionView): Html {
  const isRejected = "about" in session && session.about.isNew;
  const numbers = cookies.map((_, index) => idOf(String(index), property));
  return html`${cookies.map((report, index) => renderCookie(report, numbers[index]!, isRejected))}`;
}

/** Renders one session cookie: its parts in colours, with an explanation of each. */
export function renderCookie(
  report: CookieReport,
  number: number | string,
  isRejected: boolean,
): Html {
  const { fields, value, cookies, remarks } = report;
  const id = `cookie-${number}`;
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">The cookie ${cookies.map((name) => html`<code>${name}</code> `)}</h2>
    ${isRejected ? html`<p>The app does not trust this cookie: its content may be forged.</p>` : ""}
    ${fields === undefined ? foreign(report) : ""}
    <code class="token">${fields === undefined ? value : fields.map(part)}</code>
    ${fields === undefined ? "" : table(fields)} ${remarks.map((remark) => html`<p>${remark}</p>`)}
  </section>`;
}

function foreign({ format }: CookieReport): Html {
  return format === "unknown" || format === "galleta"
    ? html`<p>This is not a session cookie of a known format.</p>`
    : html`<p>It looks like a cookie of ${format}.</p>`;
}

const part = ({ text }: TokenField, index: number): Html =>
  html`<span class="part t${index}"><sup>${index + 1}</sup>${text}</span>`;

function table(fields: readonly TokenField[]): Html {
  return html`<h3>Its fields</h3>
    <table>
      <thead>
        <tr>
          <th scope="col">No.</th>
          <th scope="col">Field</th>
          <th scope="col">Bytes</th>
          <th scope="col">Meaning</th>
        </tr>
      </thead>
      <tbody>
        ${fields.map(
          ({ name, bytes, meaning }, index) =>
            html`<tr>
              <td><span class="number t${index}">${index + 1}</span></td>
              <th scope="row" class="narrow">${name}</th>
              <td>${bytes}</td>
              <td>${name === "data" ? shorten(meaning) : meaning}</td>
            </tr> `,
        )}
      </tbody>
    </table>`;
}

const LONG = 160;
const shorten = (text: string) => (text.length > LONG ? `${text.slice(0, LONG)}…` : text);
