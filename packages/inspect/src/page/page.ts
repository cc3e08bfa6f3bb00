import { createHash } from "node:crypto";
import { renderAdvice } from "./page-advice.ts";
import { renderEvents } from "./page-events.ts";
import { renderCookies, renderSession } from "./page-session.ts";
import { html, Html } from "./html.ts";
import type { SessionView, View } from "./look.ts";
import { STYLE } from "./style.ts";

/** The hash in the Content-Security-Policy that allows the page's style (CSP Level 3 §2.3.1). */
export const STYLE_HASH = `sha256-${createHash("sha256").update(STYLE).digest("base64")}`;

// A biscuit. Browsers request an icon from the app if the page has none.
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23b9762f'/%3E%3Cg fill='%23502c0c'%3E%3Ccircle cx='5' cy='6' r='1.3'/%3E%3Ccircle cx='10' cy='5' r='1.1'/%3E%3Ccircle cx='9' cy='10' r='1.4'/%3E%3C/g%3E%3C/svg%3E";

// Made outside the template below, where the formatter may change white space. The hash covers
// every character.
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);

const renderOne = (each: SessionView, view: View) =>
  html`${renderSession(each, view)} ${renderCookies(each)}`;

/** Renders the whole page of the inspector, which needs no script. */
export function renderPage(view: View): Html {
  const { sessions } = view;
  const time = view.now.toISOString().replace("T", " ").replace(/\..*/, " UTC");
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="robots" content="noindex" />
        <title>Session inspector</title>
        <link rel="icon" href="${ICON}" />
        ${STYLE_ELEMENT}
      </head>
      <body>
        <header>
          <h1>Session inspector</h1>
          <p>
            ${sessions.length > 1 ? "Cookies" : "Cookie"}
            ${sessions.map(({ cookieName }) => html`<code>${cookieName}</code> `)}
          </p>
          <p>As of ${time} <a href="">Look again</a></p>
        </header>
        <main>
          <div class="column">${sessions.map((each) => renderOne(each, view))}</div>
          <div class="column">
            ${sessions.map((each) => renderAdvice(each, view))} ${renderEvents(view)}
          </div>
        </main>
        <footer>
          <p>
            Only this machine sees this page, and only in development. The setting
            <code>INSPECTOR = false</code> switches it off.
          </p>
        </footer>
      </body>
    </html> `;
}
