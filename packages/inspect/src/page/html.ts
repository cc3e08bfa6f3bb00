import { printable } from "../cookies/words.ts";

/** HTML that is safe to send. Only the function {@link html} creates it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | undefined | readonly Part[];

/**
 * Makes HTML from a template. Values are escaped for text and quoted attributes; characters that a
 * browser would hide or reverse become `\uXXXX`. Results of this function are inserted unchanged.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, next, index) => text + render(parts[index - 1]) + next));
}

function render(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return part === undefined ? "" : escapeHtml(printable(String(part), true));
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}

/**
 * Makes the id of an element about one session. For the session in the property `session`, `what`
 * alone is the id.
 */
export const idOf = (what: string, property: string): string =>
  property === "session" ? what : `${what}-${encodeURIComponent(property)}`;
