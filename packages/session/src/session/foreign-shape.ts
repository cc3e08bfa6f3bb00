/**
 * Patterns that recognize other frameworks' session cookies by their form. A match does not prove
 * that a cookie is genuine.
 */
const SHAPES: readonly (readonly [RegExp, name: string, advice: string])[] = [
  [/^Fe26\.\d\*/, "iron-session", "ironSession"],
  [/^[\w%+/=]+--[\w%+/=]+--[\w%+/=]+$/, "rails", "rails"],
  [/^"?[\w.-]+={0,2}:[0-9A-Za-z]{6}:[\w-]{27,86}"?$/, "django", "django"],
  [/^eyJ[\w-]*={0,2}\.[\w-]{5,8}\.[\w-]{27}$/, "starlette or flask", "starlette"],
  [/^\.eJ[\w-]+\.[\w-]{5,8}\.[\w-]{27}$/, "flask", "flask"],
  [/^e(?:yJ|30)[\w+/-]*(?:=|%3D){0,2}$/i, "cookie-session", "cookieSession"],
  [/^s(?:%3A|:)[\w-]+\.[\w+/%=]+$/i, "express-session", ""],
];

/** The framework that a cookie seems to come from, judged by the cookie's form. */
export interface ForeignShape {
  /** The framework's name. */
  readonly format: string;
  /** Text for a log: which framework the cookie seems to come from, and what to do. */
  readonly message: string;
}

/**
 * Guesses from a cookie's form which other framework made it. Without this, the log of an app that
 * moves to Galleta would report these cookies as forged.
 */
export function foreignShapeOf(value: string): ForeignShape | undefined {
  const found = SHAPES.find(([shape]) => shape.test(value.slice(0, 4096)));
  if (found === undefined) return undefined;
  const [, format, reader] = found;
  const todo =
    reader === ""
      ? "Give this app's cookie another name with sessionCookie"
      : `To read it, set formats: [${reader}({ ... })]; else give this app's cookie another name with sessionCookie`;
  const message = `The session cookie was rejected: it looks like a cookie of ${format}. ${todo}.`;
  return { format, message };
}
