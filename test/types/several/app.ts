// A second session, whose data an app declares once for all adapters.
import type {} from "@galleta/session";
import type {} from "@galleta/session/express";
import type {} from "@galleta/session/fastify";
import type {} from "@galleta/session/hono";
import type {} from "@galleta/session/koa";
import type { FetchSession } from "@galleta/session/fetch";
import type { WithSession } from "@galleta/session/node";
import type { SessionEventContext } from "@galleta/session/h3";
import type { H3EventContext } from "h3";
import type { Request } from "express";
import type { FastifyRequest } from "fastify";
import type { ContextVariableMap } from "hono";
import type { DefaultContext } from "koa";
import type { IncomingMessage } from "node:http";
import { same, type Equal } from "../equal.ts";

declare module "@galleta/session" {
  interface OtherSessions {
    prefs: { theme: "light" | "dark" };
  }
}

type Prefs = Partial<{ theme: "light" | "dark" }>;

same<Equal<Request["prefs"], Prefs>>();
same<Equal<FastifyRequest["prefs"], Prefs>>();
same<Equal<ContextVariableMap["prefs"], Prefs>>();
same<Equal<DefaultContext["prefs"], Prefs>>();
same<Equal<H3EventContext["prefs"], Prefs>>();
same<Equal<FetchSession["prefs"], Prefs>>();
same<Equal<WithSession<IncomingMessage>["prefs"], Prefs>>();
// @ts-expect-error -- of h3 1 and 2 alike, the session itself is declared apart
same<Equal<SessionEventContext["session"], Prefs>>();
