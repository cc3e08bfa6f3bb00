import secureSession from "@fastify/secure-session";
import { createHash } from "node:crypto";
import fastify from "fastify";
import { H3Event, useSession } from "h3";
import { Context } from "hono";
import { CookieStore, sessionMiddleware, type Session } from "hono-sessions";
import { getIronSession } from "iron-session";
import {
  fromSetCookie,
  header,
  mint,
  SECRET,
  tamper,
  USERS,
  type Contestant,
  type Data,
  type Work,
} from "../contestant.ts";

interface Opened {
  read(): number | undefined;
  /** Changes the views and returns the cookie for the next request. */
  write(views: number): string | Promise<string>;
}

/** Makes the work of a library from its function that opens a session; `open("")` starts one. */
async function workOf(
  data: Data,
  open: (cookie: string) => Opened | Promise<Opened>,
  begin: (data: Data) => string | Promise<string>,
  idle: (cookie: string) => unknown,
  rewrite: (cookie: string) => Promise<string> = async (cookie) => {
    const opened = await open(cookie);
    return opened.write((opened.read() ?? 0) + 1);
  },
): Promise<Work> {
  const jar = await mint(() => begin(data));
  const broken = jar.map(tamper);
  const viewsOf = async (cookie: string) => (await open(cookie)).read();
  return {
    read: (i) => viewsOf(jar[i % USERS] ?? ""),
    async write(i) {
      jar[i % USERS] = await rewrite(jar[i % USERS] ?? "");
    },
    untouched: (i) => idle(jar[i % USERS] ?? ""),
    tampered: (i) => viewsOf(broken[i % USERS] ?? ""),
  };
}

const cookieValue = (cookie: string) => cookie.slice(cookie.indexOf("session=") + 8);

export const ironSession: Contestant = {
  name: "iron-session",
  package: "iron-session",
  kinds: ["encrypted"],
  prepare(_kind, data) {
    const options = { password: SECRET, cookieName: "session" };
    const open = async (cookie: string) => {
      let written = "";
      const store = {
        get: (name: string) =>
          name === "session" && cookie !== "" ? { name, value: cookieValue(cookie) } : undefined,
        set: (name: string, value: string) => (written = header(`${name}=${value}`)),
      };
      const session = await getIronSession<Partial<Data>>(store, options);
      return {
        read: () => session.views,
        async write(views: number) {
          session.views = views;
          await session.save();
          return written;
        },
        session,
      };
    };
    const begin = async (first: Data) => {
      const opened = await open("");
      Object.assign(opened.session, first);
      return opened.write(first.views);
    };
    // iron-session has no middleware: handlers without a session do not call it.
    return workOf(data, open, begin, () => undefined);
  },
};

export const fastifySecureSession: Contestant = {
  name: "@fastify/secure-session",
  package: "@fastify/secure-session",
  kinds: ["encrypted"],
  async prepare(_kind, data) {
    const app = fastify();
    const key = createHash("sha256").update(SECRET).digest();
    await app.register(secureSession, { key, cookieName: "session" });
    await app.ready();
    const decode = (cookie: string) => app.decodeSecureSession(cookieValue(cookie));
    const encode = (session: ReturnType<typeof app.createSecureSession>) =>
      header(`session=${app.encodeSecureSession(session)}`);
    const open = (cookie: string): Opened => {
      const session = decode(cookie);
      return {
        read: () => session?.get("views"),
        write(views) {
          if (session === null) throw new Error("There is no session to write to.");
          session.set("views", views);
          return encode(session);
        },
      };
    };
    const begin = (first: Data) => encode(app.createSecureSession({ ...first }));
    // Its hook decodes the cookie of every request, even if the handler does not use the session.
    return workOf(data, open, begin, decode);
  },
};

export const honoSessions: Contestant = {
  name: "hono-sessions (cookie store)",
  package: "hono-sessions",
  kinds: ["encrypted"],
  prepare(_kind, data) {
    const middleware = sessionMiddleware({
      store: new CookieStore(),
      encryptionKey: SECRET,
      autoExtendExpiration: false,
    });
    const through = async <T>(cookie: string, view: (session: Session) => T) => {
      const request = new Request("http://bench.test/", { headers: { cookie } });
      const context = new Context<{ Variables: { session: Session } }>(request);
      let result: T | undefined;
      await middleware(context as never, async () => {
        result = view(context.get("session"));
      });
      return { result, cookies: context.res.headers.getSetCookie() };
    };
    const views = async (cookie: string) => {
      const { result } = await through(cookie, (session) => session.get("views"));
      return (result as number | null) ?? undefined;
    };
    const change = async (cookie: string, view: (session: Session) => void) =>
      fromSetCookie((await through(cookie, view)).cookies.slice(-1));
    const open = async (cookie: string): Promise<Opened> => {
      const value = await views(cookie);
      return { read: () => value, write: () => cookie };
    };
    const begin = (first: Data) =>
      change("", (session) => {
        session.set("user", first.user);
        session.set("views", first.views);
      });
    const idle = (cookie: string) => through(cookie, () => undefined);
    // One run of its middleware both reads and writes.
    const rewrite = (cookie: string) =>
      change(cookie, (session) => session.set("views", Number(session.get("views")) + 1));
    return workOf(data, open, begin, idle, rewrite);
  },
};

export const h3Session: Contestant = {
  name: "h3 useSession",
  package: "h3",
  kinds: ["encrypted"],
  prepare(_kind, data) {
    const config = { password: SECRET, name: "session" };
    const open = async (cookie: string) => {
      const event = new H3Event(new Request("http://bench.test/", { headers: { cookie } }));
      const session = await useSession<Partial<Data>>(event, config);
      return {
        read: () => session.data.views,
        async write(views: number, more: Partial<Data> = {}) {
          await session.update({ ...more, views });
          return fromSetCookie(event.res.headers.getSetCookie().slice(-1));
        },
      };
    };
    const begin = async (first: Data) => (await open("")).write(first.views, first);
    return workOf(data, open, begin, () => undefined);
  },
};
