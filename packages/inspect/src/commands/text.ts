import { styleText } from "node:util";
import { plural, printable, timeInWords } from "../cookies/words.ts";
import { REASONS } from "../cookies/reasons.ts";
import type { CookieReport } from "../cookies/report.ts";
import type { NamedKey } from "./key-options.ts";

/** A function that colours a text, or returns it unchanged. */
export type Paint = (style: "bold" | "dim" | "green" | "red" | "yellow", text: string) => string;

/**
 * Returns a function that colours text if the terminal supports colours. Node handles NO_COLOR and
 * TERM=dumb.
 */
export const paintFor = (stream: NodeJS.WriteStream): Paint =>
  stream.isTTY && stream.hasColors() ? styleText : (_style, text) => text;

const LIMIT = 4096;
const LABEL = 12;

const FORMATS: Readonly<Record<CookieReport["format"], string>> = {
  galleta: "Galleta",
  starlette: "Starlette, FastAPI or Bocadillo",
  flask: "Flask",
  django: "Django (signed_cookies)",
  "cookie-session": "cookie-session",
  "iron-session": "iron-session",
  rails: "Ruby on Rails",
  unknown: "no session cookie of a known kind",
};

/**
 * Renders the report on a cookie as text. Text from the cookie is escaped, because it may contain
 * terminal sequences.
 */
export function renderReport(
  report: CookieReport,
  keys: readonly NamedKey[],
  now: Date,
  paint: Paint,
): string {
  const { name, format, kind } = report;
  const title = [printable(name ?? "(no name)"), FORMATS[format], kind].filter(Boolean);
  const lines = [
    paint("bold", title[0] ?? "") + paint("dim", `  ${title.slice(1).join(", ")}`),
    ...verdict(report, keys, paint),
    ...rowsOf(report, now).map(([label, value]) => row(label, value, paint)),
    ...report.remarks.map((remark) => paint("yellow", `  ! ${remark}`)),
  ];
  return `${lines.join("\n")}\n`;
}

function verdict(report: CookieReport, keys: readonly NamedKey[], paint: Paint): string[] {
  const { status, reason, keyIndex, format } = report;
  if (status === "valid") {
    const key = keys[keyIndex ?? 0];
    return [
      paint("green", `valid: verified with ${key?.name} from ${printable(key?.source ?? "")}`),
    ];
  }
  if (status === "rejected" && reason !== undefined) {
    const { what, todo } = REASONS[reason];
    return [paint("red", `rejected: ${what}`), `  ${todo}`, ...nameHint(report)];
  }
  if (status === "unverified") {
    return [
      paint("yellow", "not verified: no key was given, so anyone may have written this cookie"),
      "  Pass --secret-env SECRET_KEY, or --env-file .env, to verify it.",
    ];
  }
  return format === "unknown" ? [paint("red", "unknown")] : [];
}

/**
 * Suggests `--name` if a value without a name was rejected: its signature is valid only for one
 * cookie name, which the value does not contain.
 */
function nameHint({ name, reason }: CookieReport): string[] {
  const isBound = reason === "mac" || reason === "payload";
  return isBound && name === undefined
    ? ["  If the cookie's name is not session or __Host-session, pass --name."]
    : [];
}

function rowsOf(report: CookieReport, now: Date): [label: string, value: string][] {
  const { data, metadata, dataIsVerified, isStored, id, revision, keyId, attributes } = report;
  const rows: [string, string | undefined][] = [
    [dataIsVerified ? "data" : "data (?)", isStored ? "in the app's store" : data && json(data)],
    ["metadata", metadata && json(metadata)],
    ["id", id],
    ["revision", revision?.toString()],
    ["created", report.createdAt && at(report.createdAt, now)],
    ["issued", report.issuedAt && at(report.issuedAt, now)],
    [
      "expires",
      report.expiresAt === null ? "never by itself" : report.expiresAt && at(report.expiresAt, now),
    ],
    ["key", keyId && `${keyId} (the same for all tokens of one key)`],
    ["size", size(report)],
    ["attributes", attributes && (printable(attributes.join("; ")) || "none")],
  ];
  return rows.filter((each): each is [string, string] => each[1] !== undefined);
}

function size({ size: bytes, cookies }: CookieReport): string {
  const share = `${Math.round((bytes / LIMIT) * 100)} %`;
  if (cookies.length === 1) return `${bytes} of ${LIMIT} bytes (${share})`;
  return `${bytes} bytes in ${plural(cookies.length, "cookie")}: ${printable(cookies.join(", "))}`;
}

function at(time: Date, now: Date): string {
  const instant = time.toISOString().replace("T", " ").replace(".000Z", " UTC");
  return `${instant}, ${timeInWords(time, now)}`;
}

const WIDE = 60;

/** Formats an object as JSON, on one line if it is short. */
function json(value: object): string {
  const short = JSON.stringify(value);
  return printable(short.length <= WIDE ? short : JSON.stringify(value, null, 2), true);
}

function row(label: string, value: string, paint: Paint): string {
  const indent = `\n${" ".repeat(LABEL + 2)}`;
  return `  ${paint("dim", label.padEnd(LABEL))}${value.replaceAll("\n", indent)}`;
}
