import { channel } from "node:diagnostics_channel";
import { DOCS } from "../errors.ts";
import type {
  EventFacts,
  Fact,
  NoFacts,
  SessionEvent,
  SessionEventType,
  SessionListener,
  StoreFacts,
} from "./event-types.ts";
import { shortHash } from "./hash.ts";

const diagnostics = channel("galleta:session");

/** Sends events to the app's listener and to `node:diagnostics_channel` "galleta:session". */
export class Events {
  #listener: SessionListener | undefined;

  constructor(listener: SessionListener | undefined) {
    this.#listener = listener;
  }

  emit<Type extends SessionEventType>(
    type: Type,
    sid: string | undefined,
    ...[facts]: EventFacts[Type] extends NoFacts & { [Name in Fact]?: never }
      ? []
      : [facts: EventFacts[Type]]
  ): void {
    const session = sid && shortHash(sid);
    // Not enumerable: a user id is personal data, and a client's error may contain its command.
    const { error, user, ...rest } = (facts ?? {}) as { error?: unknown; user?: unknown };
    const event = { type, at: Date.now(), session, ...rest } as unknown as SessionEvent;
    if (error !== undefined) Object.defineProperty(event, "error", { value: error });
    if (user !== undefined) Object.defineProperty(event, "user", { value: user });
    try {
      this.#listener ??= createConsoleListener();
      const outcome: unknown = this.#listener(event);
      if (outcome instanceof Promise) outcome.catch(ignore);
    } catch {
      // A failing listener must neither fail the request nor end the process.
    }
    if (diagnostics.hasSubscribers) diagnostics.publish(event);
  }
}

/** Matches the code with which Redis begins the message of an error, such as `READONLY`. */
const REDIS_CODE = /^[A-Z]{2,20}(?= |$)/;

/** Describes an error of the store or backplane for an event. */
export function describeFailure(what: string, failure: unknown): Omit<StoreFacts, "reason"> {
  const error =
    failure instanceof Error && failure.cause instanceof Error ? failure.cause : failure;
  const {
    code,
    message = "",
    name = "an error",
  } = (error ?? {}) as Partial<Error & { code: unknown }>;
  const known = REDIS_CODE.exec(message)?.[0] ?? (typeof code === "string" ? code : undefined);
  return {
    error,
    ...(known !== undefined && { code: known }),
    message: `${what} failed with ${known ?? name}. See the event's error for more.`,
  };
}

const ignore = () => undefined;

const WARN_EVERY_MS = 10_000;

/**
 * Makes the listener for an app that sets no `onEvent`. It prints rejected cookies, denied
 * requests, dropped writes and store failures: at most one in ten seconds for each reason, so that
 * an attacker cannot fill the log.
 */
function createConsoleListener(): SessionListener {
  const said = new Map<string, { at: number; unsaid: number }>();
  return ({ type, reason, at, message, handshake }) => {
    const what = WARNINGS[type];
    if (what === undefined) return;
    // The message is not part of the kind, because it contains text that an attacker could vary.
    const kind = `${type} ${reason} ${handshake}`;
    const last = said.get(kind);
    if (last !== undefined && at - last.at < WARN_EVERY_MS) {
      last.unsaid += 1;
      return;
    }
    said.set(kind, { at, unsaid: 0 });
    const see = type === "rejected" ? `. See ${REASONS}` : "";
    const text = `[galleta] ${message ?? `${what}: ${reason}${see}`}`;
    // oxlint-disable-next-line no-console -- warnings are the documented default
    console.warn(last?.unsaid ? `${text} (and ${last.unsaid} more)` : text);
  };
}

/** The docs page that explains every reason why a cookie is rejected. */
const REASONS = `${DOCS}/inspect#why-a-cookie-is-rejected`;

const WARNINGS: Partial<Record<SessionEventType, string>> = {
  rejected: "a session cookie was rejected",
  dropped: "a write to a session was dropped",
  csrf: "a cross-site request was denied",
  host: "a request for another host was denied",
  store: "the session store failed",
};
