import { Buffer } from "node:buffer";
import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Sessions } from "../../engine.ts";
import { SessionError } from "../../errors.ts";
import type { MaybePromise } from "../../maybe.ts";
import type { LiveHandle, LiveSocket } from "../../live/socket.ts";
import type { SessionContext } from "../../session/context.ts";
import type { SessionOf } from "../../session/data.ts";
import type { RequestFacts } from "../../session/request.ts";
import { NodeFacts } from "./node-facts.ts";
import { refusalReply, type Reply } from "./reply.ts";
import { refuseEarly } from "./sessions.ts";

/** What a hook on the handshake gives: nothing or true accepts it, false and a status refuse it. */
export type Verdict = void | boolean | number;

/** The session of one WebSocket handshake, and then of its socket. */
export class Upgrade<Data> {
  readonly #sessions: Sessions<Data>;
  readonly #facts: RequestFacts;
  readonly context: SessionContext<Data>;

  constructor(
    sessions: Sessions<Data>,
    facts: RequestFacts,
    cookieHeader: string | null | undefined,
  ) {
    this.#sessions = sessions;
    this.#facts = facts;
    this.context = sessions.open(cookieHeader, facts);
  }

  get session(): SessionOf<Data> {
    return this.context.session;
  }

  set session(value: SessionOf<Data> | null) {
    this.context.session = value;
  }

  /** Checks the Origin. Nothing of the session is read before it. */
  refuse(): Reply | undefined {
    const refusal = this.#sessions.checkHandshake(this.#facts);
    return refusal && refusalReply(refusal);
  }

  /** Loads the session, and lets the app change it or refuse the handshake. */
  async decide(hook: (() => MaybePromise<Verdict>) | undefined): Promise<Reply | undefined> {
    await this.context.load();
    // Opened here, so that a store that is down fails the handshake and not what comes after it.
    void this.context.state;
    const verdict = await hook?.();
    if (verdict === undefined || verdict === true) return undefined;
    const status = verdict === false ? 401 : verdict;
    const body = JSON.stringify({ error: STATUS_CODES[status] ?? "Refused" });
    return { status, body, commit: await this.context.commit() };
  }

  /** The cookies for the 101. From here on the session changes only by `update`. */
  async commit(): Promise<readonly string[]> {
    try {
      return (await this.context.commit()).setCookie;
    } finally {
      this.context.handshakeSent();
    }
  }

  /** Ties the open socket to its session. */
  attach(socket: LiveSocket): LiveHandle | undefined {
    return this.#sessions.attach(this.context, socket);
  }
}

const upgrades = new WeakMap<object, Upgrade<never>>();

/** Remembers the session of a request, of a socket, or of both. */
export function remember<Data>(upgrade: Upgrade<Data>, ...keys: object[]): void {
  for (const key of keys) upgrades.set(key, upgrade as unknown as Upgrade<never>);
}

/**
 * The session of a request or socket that {@link remember} was told of.
 *
 * @throws SessionError `ERR_SESSION_SETUP` for any other
 */
export function recall<Data>(key: object, where: string): Upgrade<Data> {
  const upgrade = upgrades.get(key);
  if (upgrade === undefined) throw refuseEarly(where);
  return upgrade as unknown as Upgrade<Data>;
}

/** Gives `target` a property `session`, which follows the socket's. */
export function defineLiveSession<Data>(target: object, upgrade: Upgrade<Data>): void {
  Object.defineProperty(target, "session", {
    get: () => upgrade.session,
    set: (value: SessionOf<Data> | null) => {
      upgrade.session = value;
    },
    configurable: true,
    enumerable: true,
  });
}

/**
 * Answers a handshake with an HTTP response and closes the connection (RFC 6455 §4.2.2). Node leaves
 * such a connection to its listener, without a response object.
 */
export function refuseUpgrade(socket: Duplex, { status, body, commit }: Reply): void {
  if (socket.destroyed) return;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`,
    "Connection: close",
    "Cache-Control: no-store",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(commit?.setCookie ?? []).map((cookie) => `Set-Cookie: ${cookie}`),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

/**
 * What a handshake is answered with that failed on our side. Its client learns nothing of why; the
 * operator does, by a warning of the process.
 */
export function failed(error: unknown): Reply {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  const status = error instanceof SessionError && error.status >= 500 ? error.status : 500;
  return { status, body: JSON.stringify({ error: STATUS_CODES[status] }) };
}

/**
 * Gives the request of a handshake its session, for a middleware that is called from a server's
 * `upgrade` event without a response. The session can be read, and not changed: nothing could
 * carry the cookie.
 *
 * @returns whether the handshake may go on; false where it was answered. Never rejects.
 */
export async function openForHandshake<Data>(
  sessions: Sessions<Data>,
  req: IncomingMessage,
): Promise<boolean> {
  try {
    const upgrade = new Upgrade(sessions, new NodeFacts(req), req.headers.cookie);
    const refused = upgrade.refuse() ?? (await upgrade.decide(undefined));
    if (refused !== undefined) {
      refuseUpgrade(req.socket, refused);
      return false;
    }
    await upgrade.commit();
    remember(upgrade, req);
    defineLiveSession(req, upgrade);
    return true;
  } catch (error) {
    // Those who call a middleware like this look at no error: it must not pass for a handshake.
    refuseUpgrade(req.socket, failed(error));
    return false;
  }
}

/** The cookies that wait for their 101. */
const cookies = new WeakMap<object, readonly string[]>();
const watched = new WeakSet<object>();

/** A WebSocketServer of the package ws, as far as its handshakes go. */
export interface HandshakeServer {
  on(event: "headers", listener: (headers: string[], req: IncomingMessage) => void): unknown;
}

/**
 * Sends cookies with the 101 of a request.
 *
 * @throws SessionError `ERR_SESSION_RUNTIME` where the server cannot
 */
export function sendWithHandshake(
  server: HandshakeServer | undefined,
  req: IncomingMessage,
  setCookie: readonly string[],
): void {
  if (setCookie.length === 0) return;
  if (typeof server?.on !== "function") {
    throw new SessionError(
      "ERR_SESSION_RUNTIME",
      "This WebSocket server cannot set a cookie on its 101. Change the session in an HTTP request, or use the package ws.",
    );
  }
  if (!watched.has(server)) {
    watched.add(server);
    server.on("headers", (headers, of) => {
      for (const cookie of cookies.get(of) ?? []) headers.push(`Set-Cookie: ${cookie}`);
    });
  }
  cookies.set(req, setCookie);
}
