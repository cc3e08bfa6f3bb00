// An app that was written for @fastify/session: its calls compile as they did there.
import Fastify from "fastify";
import session from "@galleta/session/fastify-session";
import type {} from "@galleta/session";
import { same, type Equal } from "../equal.ts";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
  }
}

const app = Fastify();
await app.register(session({ secretKey: "" }));
app.get("/", async (request, reply) => {
  const { session } = request;
  same<Equal<typeof session.user, string | undefined>>();
  session.user = "ana";
  same<Equal<ReturnType<typeof session.get<"user">>, string | undefined>>();
  session.set("user", session.get("user"));
  session.set("not declared", { a: 1 });
  // @ts-expect-error -- not a text
  session.set("user", 1);
  await session.regenerate();
  await session.regenerate(["user"]);
  session.regenerate((error) => void reply.send(error));
  session.regenerate(["user"], () => undefined);
  await session.save();
  session.save(() => undefined);
  await session.reload();
  session.touch();
  session.options({ maxAge: 60_000 });
  session.cookie.maxAge = 60_000;
  session.cookie.expires = new Date();
  same<Equal<typeof session.sessionId, string>>();
  const isModified: boolean = session.isModified();
  await session.destroy();
  session.destroy((error) => void reply.send(error));
  // @ts-expect-error -- the response saves the session
  session.isSaved();
  // @ts-expect-error -- there is no key of that name
  session.admin = true;
  return isModified;
});
