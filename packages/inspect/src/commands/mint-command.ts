import process from "node:process";
import { createSessions, type SessionFormat } from "@galleta/session";
import { cookieSession } from "@galleta/session/formats/cookie-session";
import { django } from "@galleta/session/formats/django";
import { flask } from "@galleta/session/formats/flask";
import { ironSession } from "@galleta/session/formats/iron-session";
import { rails } from "@galleta/session/formats/rails";
import { starlette } from "@galleta/session/formats/starlette";
import { hintFor } from "@galleta/session/internals";
import { readMaxAge, UsageError, type InspectCommand } from "./command.ts";
import { KEY_OPTIONS, readKeys, type KeyFlags, type NamedKey } from "./key-options.ts";

const FORMATS = ["starlette", "flask", "django", "cookie-session", "iron-session", "rails"];

type Values = KeyFlags & {
  readonly data?: string;
  readonly name?: string;
  readonly "max-age"?: string;
  readonly encrypt?: boolean;
  readonly format?: string;
};

/** The command `galleta mint`, which makes a valid session cookie. */
export const mintCommand: InspectCommand<Values> = {
  name: "mint",
  summary: "Make a valid session cookie, for tests and for curl.",
  options: {
    data: { type: "string", value: "json", help: "The session's data, such as '{\"user\":1}'" },
    ...KEY_OPTIONS,
    name: {
      type: "string",
      value: "cookie",
      help: "The cookie's name (default: the format's)",
    },
    "max-age": {
      type: "string",
      value: "seconds",
      help: "How long the cookie is valid (default 14 days)",
    },
    encrypt: { type: "boolean", help: "For an app with encrypt: true" },
    format: { type: "string", value: "name", help: "Another framework's format, see below" },
  },
  notes: [
    "Prints name=value, for use with curl:",
    '  curl -b "$(npx galleta mint --env-file .env --data \'{"user":1}\')" http://127.0.0.1:8000/',
    `Formats: ${FORMATS.join(", ")}.`,
    "For an app with hardened: true, pass --encrypt --name __Host-session.",
  ],
  async run({ values }, io) {
    const data = readData(values.data);
    const maxAge = readMaxAge(values["max-age"]);
    const keys = readKeys(values, process.env);
    const sessions = createSessions<Record<string, unknown>>({
      secretKey: keys.map(({ secret }) => secret),
      sessionCookie: values.name,
      maxAge,
      encrypt: values.encrypt,
      writeAs: readFormat(values, keys, maxAge),
      // The attributes are not printed, but the prefixes __Host- and __Secure- require this option.
      httpsOnly: true,
      onEvent: () => undefined,
    });
    const context = sessions.open("");
    context.session = data;
    const { setCookie } = await context.commit();
    if (setCookie.length === 0) throw new UsageError("A session without data has no cookie.");
    io.out(`${setCookie.map((cookie) => cookie.split(";", 1)[0]).join("; ")}\n`);
    return 0;
  },
};

function readData(text: string | undefined): Record<string, unknown> {
  if (text === undefined) throw new UsageError("--data is missing: --data '{\"user\":1}'.");
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    // The message does not repeat the text, because it may contain personal data.
  }
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw new UsageError("--data must be a JSON object, such as --data '{\"user\":1}'.");
  }
  return data as Record<string, unknown>;
}

function readFormat(
  flags: { readonly format?: string; readonly name?: string; readonly encrypt?: boolean },
  keys: readonly NamedKey[],
  maxAge: number | undefined,
): SessionFormat | undefined {
  const { format, name } = flags;
  if (format === undefined) return undefined;
  if (flags.encrypt)
    throw new UsageError("--encrypt is for cookies of Galleta. Leave out --format.");
  const secretKey = keys.map(({ secret }) => secret);
  const options = { secretKey, sessionCookie: name };
  switch (format) {
    case "starlette":
      return starlette({ ...options, maxAge });
    case "flask":
      return flask({ ...options, maxAge });
    case "django":
      return django({ ...options, maxAge });
    case "cookie-session":
      return cookieSession(options);
    case "iron-session":
      return ironSession({ secretKey, sessionCookie: needName(name, format), ttl: maxAge });
    case "rails":
      return rails({ secretKey, sessionCookie: needName(name, format) });
    default:
      throw new UsageError(unknownFormat(format));
  }
}

function needName(name: string | undefined, format: string): string {
  if (name !== undefined) return name;
  throw new UsageError(`--format ${format} needs --name, because this format has no default name.`);
}

function unknownFormat(format: string): string {
  return `--format must be a known format. ${hintFor(format, FORMATS)}`;
}
