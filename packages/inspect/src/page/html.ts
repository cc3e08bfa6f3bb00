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
 * browser would hide or reverse become `\uXXXX`. A value that is already {@link Html} is inserted
 * unchanged.
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
 * Returns the id of an HTML element about one session: `what`, followed by the session's property
 * unless that is `session`.
 */
export const idOf = (what: string, property: string): string =>
  property === "session" ? what : `${what}-${encodeURIComponent(property)}`;
