import process from "node:process";
import { inspectCookies } from "../cookies/inspect.ts";
import { printable } from "../cookies/words.ts";
import { REASONS } from "../cookies/reasons.ts";
import type { CookieReport } from "../cookies/report.ts";
import { readMaxAge, UsageError, type InspectCommand } from "./command.ts";
import { KEY_OPTIONS, namesKey, readKeys, type KeyFlags, type NamedKey } from "./key-options.ts";
import { paintFor, renderReport } from "./text.ts";

/** The longest text to inspect, in characters. Servers accept only much shorter headers. */
const MAX_INPUT = 65_536;

type Values = KeyFlags & {
  readonly name?: string;
  readonly "max-age"?: string;
  readonly json?: boolean;
};

/** The command `galleta inspect`, which shows what a session cookie contains. */
export const inspectCommand: InspectCommand<Values> = {
  name: "inspect",
  summary: "Inspect a session cookie: what it contains, when it expires, and why it is rejected.",
  positional: "[cookie]",
  options: {
    ...KEY_OPTIONS,
    name: {
      type: "string",
      value: "cookie",
      help: "The cookie's name, which its signature depends on",
    },
    "max-age": {
      type: "string",
      value: "seconds",
      help: "How long Starlette, Flask or Django accepts the cookie",
    },
    json: { type: "boolean", help: "Print JSON" },
  },
  notes: [
    "The cookie is a value, name=value, or a whole Cookie or Set-Cookie header, of Galleta,",
    "Starlette, Flask, Django, cookie-session, iron-session or Rails. Without the argument it is",
    "read from standard input: curl -sI http://127.0.0.1:8000/ | npx galleta inspect",
    "Without --secret-env and --env-file nothing is verified.",
    "The exit code is 1 for a rejected or unknown cookie.",
  ],
  async run({ values, positionals }, io) {
    const keys = namesKey(values) ? readKeys(values, process.env) : [];
    const maxAge = readMaxAge(values["max-age"]);
    const text = positionals[0] ?? (await readStandardInput());
    if (text.length > MAX_INPUT)
      throw new UsageError(`The text has more than ${MAX_INPUT} characters.`);
    const { name } = values;
    const secretKey = keys.map(({ secret }) => secret);
    const now = new Date();
    const reports = inspectCookies(text, { secretKey, name, maxAge, now: now.getTime() });
    if (reports.length === 0) {
      throw new UsageError(
        name === undefined
          ? "The text does not contain a cookie."
          : "The text does not contain a cookie of that name.",
      );
    }
    if (values.json === true) io.out(asJson(reports, keys));
    else io.out(asText(reports, keys, now));
    const known = reports.filter(({ status }) => status !== "unknown");
    return known.length > 0 && known.every(({ status }) => status !== "rejected") ? 0 : 1;
  },
};

function asText(reports: readonly CookieReport[], keys: readonly NamedKey[], now: Date): string {
  const known = reports.filter(({ status }) => status !== "unknown");
  const others = reports.filter(({ status }) => status === "unknown");
  const paint = paintFor(process.stdout);
  // If there is a session, the other cookies are only listed by name.
  const shown = known.length > 0 ? known : others;
  const texts = shown.map((report) => renderReport(report, keys, now, paint));
  if (known.length > 0 && others.length > 0) {
    const names = others.map(({ name }) => printable(name ?? "")).join(", ");
    texts.push(`${paint("dim", `Other cookies: ${names}`)}\n`);
  }
  return texts.join("\n");
}

function asJson(reports: readonly CookieReport[], keys: readonly NamedKey[]): string {
  const cookies = reports.map(({ name, format, kind, status, reason, value, fields, ...rest }) => {
    const key = status === "valid" ? keys[rest.keyIndex ?? 0] : undefined;
    const verifiedWith = key && { name: key.name, source: key.source };
    const explanation = reason && REASONS[reason];
    const verdict = { name, format, kind, status, reason, explanation, verifiedWith };
    return { ...verdict, ...rest, value, fields };
  });
  return `${printable(JSON.stringify({ cookies }, null, 2), true)}\n`;
}

async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new UsageError("Pass a cookie, or pipe one in: curl -sI <url> | npx galleta inspect");
  }
  let text = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MAX_INPUT) break;
  }
  return text;
}
