import {
  attachSocket,
  type LiveHandle,
  type LiveSocket,
  type SessionContext,
} from "../../packages/session/src/adapter.ts";
import type { Sessions } from "../../packages/session/src/index.ts";
import { facts } from "./facts.ts";
import { KEY, nextCookie, start } from "./sessions.ts";

export { KEY, start };

/** The data of the sessions in these tests. */
export type Data = Record<string, unknown>;

/** A browser without a server: it keeps one cookie, and runs handlers as if they were requests. */
export class Jar {
  cookie: string;

  constructor(cookie = "") {
    this.cookie = cookie;
  }

  /** Copies the cookie, as a thief would. */
  copy(): Jar {
    return new Jar(this.cookie);
  }

  /** Opens a request's session and loads it. */
  async open(sessions: Sessions<Data>): Promise<SessionContext<Data>> {
    const context = sessions.open(this.cookie);
    await context.load();
    return context;
  }

  /** Stores the cookies of a response. */
  async finish(context: SessionContext<Data>): Promise<readonly string[]> {
    const { setCookie } = await context.commit();
    this.take(setCookie);
    return setCookie;
  }

  take(setCookie: readonly string[]): void {
    this.cookie = nextCookie(this.cookie, setCookie);
  }

  /** Runs one request. */
  async request<Result>(
    sessions: Sessions<Data>,
    handler: (session: Data, context: SessionContext<Data>) => Result,
  ): Promise<Awaited<Result>> {
    const context = await this.open(sessions);
    const result = await handler(context.session, context);
    await this.finish(context);
    return result;
  }

  /** Returns the content of the session. */
  read(sessions: Sessions<Data>): Promise<Data> {
    return this.request(sessions, (session) => ({ ...session }));
  }

  /** Exchanges a ticket as the page would. */
  async exchange(sessions: Sessions<Data>, ticket: string) {
    const request = facts({
      method: "POST",
      target: "/.galleta/session",
      headers: { host: "localhost" },
    });
    const answer = await sessions.exchange(request, this.cookie, ticket);
    this.take(answer.commit.setCookie);
    return {
      status: answer.status,
      ...(JSON.parse(answer.body) as { code?: string; receipt?: string }),
    };
  }

  /** Opens a socket. */
  async socket(sessions: Sessions<Data>, socket: Partial<LiveSocket> = {}): Promise<FakeSocket> {
    const context = await this.open(sessions);
    await this.finish(context);
    context.handshakeSent();
    return new FakeSocket(context, socket);
  }
}

/** The server's end of a socket without a network. */
export class FakeSocket {
  readonly context: SessionContext<Data>;
  readonly handle: LiveHandle | undefined;
  closed: { code: number; reason: string } | undefined;
  changes = 0;

  constructor(context: SessionContext<Data>, socket: Partial<LiveSocket>) {
    this.context = context;
    this.handle = attachSocket(context, {
      close: (code, reason) => {
        this.closed = { code, reason };
      },
      changed: () => {
        this.changes += 1;
      },
      ...socket,
    });
  }

  get session(): Data {
    return this.context.session;
  }
}
