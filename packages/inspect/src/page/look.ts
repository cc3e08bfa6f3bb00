import {
  describe,
  SessionError,
  type SessionDescription,
  type SessionEvent,
} from "@galleta/session";
import type { SessionContext } from "@galleta/session/adapter";
import { adviseOn, type Advice } from "../cookies/advice.ts";
import { shortHash as hashSessionId } from "@galleta/session/internals";
import { inspectCookies } from "../cookies/inspect.ts";
import type { CookieReport } from "../cookies/report.ts";
import type { Configured, Inspected } from "../page.ts";

/** The data that the inspector's page shows. */
export interface View {
  readonly now: Date;
  readonly sessions: readonly SessionView[];
  readonly events: readonly SessionEvent[];
}

/** The data about one session that the inspector's page shows. */
export interface SessionView {
  readonly property: string;
  readonly cookieName: string;
  /** The session that the app sees, or the reason why it cannot be read. */
  readonly session: Found | { readonly failure: string };
  /** The attributes that the session cookie would have if this request set it. */
  readonly attributes: readonly string[];
  /** The reports on the session cookies of the request. */
  readonly cookies: readonly CookieReport[];
  readonly advice: readonly Advice[];
}

/** A session as the app sees it. A request without a session has an empty one. */
export interface Found {
  readonly about: SessionDescription;
  readonly data: object;
  /** Data that Galleta saves with the session, such as flash messages. */
  readonly metadata: object;
  /** The hash that identifies the session in events. */
  readonly hash: string;
}

/** Reads the sessions of a request, as the app would, without changing them. */
export async function look(inspected: Inspected, now: Date): Promise<View> {
  const sessions: SessionView[] = [];
  for (const each of inspected.all) sessions.push(await lookAt(each, inspected));
  return { now, sessions, events: inspected.recorder.recent(now.getTime()) };
}

async function lookAt(
  { sessions, options }: Configured,
  { recorder, facts }: Inspected,
): Promise<SessionView> {
  const header = facts.header("cookie") ?? "";
  const context = sessions.open(header, facts);
  await recorder.unrecorded(() => context.load());
  const session = recorder.unrecorded(() => find(context));
  const { settings } = context;
  const names = [settings, ...settings.formats].flatMap(namesOf);
  const attributes = settings.attributes[sessions.isSecure(facts) ? "secure" : "plain"];
  return {
    property: settings.property,
    cookieName: settings.cookieName,
    session,
    attributes: attributes.split("; ").filter((attribute) => attribute !== ""),
    cookies: reportsOf(header, names),
    advice: adviseOn(options, context),
  };
}

function find(context: SessionContext<never>): SessionView["session"] {
  try {
    const { session: data } = context;
    const about = describe(data);
    return { about, data, metadata: context.state.meta, hash: hashSessionId(about.id) };
  } catch (error) {
    // The store failed. Its own error may contain more details than the page should show.
    if (error instanceof SessionError) return { failure: error.message };
    throw error;
  }
}

const namesOf = (source: { cookieName: string } | { cookieNames: readonly string[] }) =>
  "cookieName" in source ? [source.cookieName] : source.cookieNames;

function reportsOf(header: string, names: readonly string[]): CookieReport[] {
  try {
    return inspectCookies(`Cookie: ${header}`).filter(({ name }) => names.includes(name ?? ""));
  } catch (error) {
    // The header is far larger than browsers send, but the server accepted it.
    if (error instanceof RangeError) return [];
    throw error;
  }
}
