import cookieSession from "cookie-session";
import type { RequestHandler } from "express";
import session from "express-session";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import {
  fromSetCookie,
  mint,
  SECRET,
  tamper,
  USERS,
  type Contestant,
  type Data,
} from "../contestant.ts";

interface WithSession {
  session: Partial<Data>;
}

/**
 * A response that sends nothing. Creating one is not part of any library's cost, but it is cheap.
 */
class NoResponse extends ServerResponse {
  ended: () => void = () => undefined;
  override writeHead(): this {
    return this;
  }
  _implicitHeader(): void {
    this.writeHead();
  }
  override end(): this {
    this._implicitHeader();
    this.ended();
    return this;
  }
}

const socket = new Socket();

function exchange(cookie: string) {
  const request = new IncomingMessage(socket);
  request.headers.cookie = cookie;
  request.method = "GET";
  request.url = "/";
  return { request, response: new NoResponse(request) };
}

/** Runs one middleware around a view, as Express does, up to the headers. */
function contestant(
  name: string,
  packageName: string,
  make: () => RequestHandler,
  isSync: boolean,
): Contestant {
  return {
    name,
    package: packageName,
    kinds: ["signed"],
    async prepare(_kind, data) {
      const middleware = make();
      const through = (cookie: string, view: (holder: WithSession) => unknown) => {
        const { request, response } = exchange(cookie);
        let result: unknown;
        let ended: Promise<void> | undefined;
        const serve = () => {
          result = view(request as unknown as WithSession);
          if (isSync) response.writeHead();
          else {
            ended = new Promise((resolve) => (response.ended = resolve));
            response.end();
          }
        };
        const answer = () => {
          const cookies = response.getHeader("set-cookie") as string[] | string | undefined;
          return { result, cookies: cookies === undefined ? [] : [cookies].flat() };
        };
        // The types require Express's own objects, but these middlewares also accept Node's.
        const run = middleware as unknown as (req: object, res: object, next: () => void) => void;
        if (isSync) {
          run(request, response, serve);
          return answer();
        }
        return new Promise<void>((resolve) => {
          run(request, response, () => {
            serve();
            resolve();
          });
        })
          .then(() => ended)
          .then(answer);
      };
      const jar = await mint(async () => {
        const { cookies } = await through("", (holder) => Object.assign(holder.session, data));
        return fromSetCookie(cookies);
      });
      const broken = jar.map(tamper);
      const views = (cookie: string) => {
        const outcome = through(cookie, ({ session: { views: value } }) => value);
        return outcome instanceof Promise ? outcome.then(({ result }) => result) : outcome.result;
      };
      return {
        read: (i) => views(jar[i % USERS] ?? ""),
        write(i) {
          const outcome = through(jar[i % USERS] ?? "", (holder) => {
            holder.session.views = (holder.session.views ?? 0) + 1;
          });
          const keep = (cookies: string[]) => {
            // A server-side session keeps its cookie, so there may be none to store.
            if (cookies.length > 0) jar[i % USERS] = fromSetCookie(cookies);
          };
          if (outcome instanceof Promise) return outcome.then(({ cookies }) => keep(cookies));
          return keep(outcome.cookies);
        },
        untouched: (i) => through(jar[i % USERS] ?? "", () => undefined),
        tampered: (i) => views(broken[i % USERS] ?? ""),
      };
    },
  };
}

export const cookieSessions = contestant(
  "cookie-session",
  "cookie-session",
  () => cookieSession({ name: "session", keys: [SECRET] }) as unknown as RequestHandler,
  true,
);

export const expressSessions = contestant(
  "express-session (memory)",
  "express-session",
  () => {
    // Its memory store would warn that it is not meant for production.
    const environment = process.env["NODE_ENV"];
    process.env["NODE_ENV"] = "test";
    const middleware = session({ secret: SECRET, resave: false, saveUninitialized: false });
    if (environment === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = environment;
    return middleware;
  },
  false,
);
