import { plural } from "../cookies/words.ts";
import type { Advice, AdviceLevel } from "../cookies/advice.ts";
import { html, idOf, type Html } from "./html.ts";
import type { SessionView, View } from "./look.ts";

const BADGES: Readonly<Record<AdviceLevel, readonly [word: string, style: string]>> = {
  warning: ["Fix", "bad"],
  note: ["Consider", "note"],
  ok: ["Good", "good"],
};

/** Renders the advice on one session's options for production: each weakness with its fix. */
export function renderAdvice({ advice, property }: SessionView, { sessions }: View): Html {
  const warnings = advice.filter(({ level }) => level === "warning").length;
  const notes = advice.filter(({ level }) => level === "note").length;
  const [word, style] =
    warnings > 0
      ? [`${plural(warnings, "thing")} to fix`, "bad"]
      : notes > 0
        ? [`Yes, with ${plural(notes, "choice")} to make`, "note"]
        : ["Yes", "good"];
  const id = idOf("ready", property);
  const which = sessions.length > 1 ? html`<code>${property}</code> ` : "";
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">Ready for production? ${which}<span class="badge ${style}">${word}</span></h2>
    <ul>
      ${advice.map(renderItem)}
    </ul>
  </section>`;
}

function renderItem({ level, topic, text, fix }: Advice): Html {
  const [word, style] = BADGES[level];
  return html`<li>
    <span class="badge ${style}">${word}</span>
    <div>
      <p><code class="topic">${topic}</code> ${prose(text)}</p>
      ${fix === undefined ? "" : html`<p>${prose(fix)}</p>`}
    </div>
  </li> `;
}

/** Renders a text in which backquotes mark code. */
function prose(text: string): Html[] {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}
