import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import cookieSession from "cookie-session";
import express from "express";
import { getIronSession, nodeCookies } from "iron-session";
import { getIronSession as getIronSession8 } from "iron-session-8";
import type { JsonObject } from "../../packages/session/src/session/format.ts";
import { failed, listen, readBody, type Neighbour } from "./neighbour.ts";

interface Carrier {
  session: JsonObject | null;
}

/** Express 5 with cookie-session. */
export function startCookieSession(keys: string[]): Promise<Neighbour> {
  const app = express();
  app.use(cookieSession({ keys }));
  app.use(express.text({ type: "application/json" }));
  app.put("/session", (req, res) => {
    const data = JSON.parse(req.body as string) as JsonObject;
    const carrier = req as unknown as Carrier;
    carrier.session = Object.keys(data).length === 0 ? null : data;
    res.json(carrier.session ?? {});
  });
  app.get("/session", (req, res) => {
    res.json((req as unknown as Carrier).session ?? {});
  });
  // Express' own type of a listener is made for its requests.
  return listen(createServer(app as unknown as RequestListener));
}

interface IronOptions {
  cookieName: string;
  password: string | Record<string, string>;
  cookieOptions: { secure: boolean };
  chunk?: boolean;
}

type IronSession = JsonObject & { save(): Promise<void>; destroy(): void };

/** node:http with iron-session 8 or 9. */
export function startIronSession(
  major: 8 | 9,
  cookieName: string,
  password: string,
  more: { chunk?: boolean } = {},
) {
  const options: IronOptions = { cookieName, password, cookieOptions: { secure: false }, ...more };
  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const session = (await (major === 8
      ? getIronSession8(req, res, options)
      : getIronSession(nodeCookies(req, res), options))) as IronSession;
    if (req.method === "PUT") {
      const data = JSON.parse(await readBody(req)) as JsonObject;
      for (const key of Object.keys(session)) delete session[key];
      Object.assign(session, data);
      if (Object.keys(data).length === 0) session.destroy();
      else await session.save();
    }
    res.end(JSON.stringify(session));
  };
  return listen(
    createServer((req, res) => {
      answer(req, res).catch((error: unknown) => failed(res, error));
    }),
  );
}
