import formbody from "@fastify/formbody";
import Fastify from "fastify";
import { destroy, flash, renew } from "@galleta/session";
import { session } from "@galleta/session/fastify";
import { page } from "./page.ts";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
  }
}

const app = Fastify();
await app.register(session({ secretKey: process.env.SECRET_KEY ?? "" }));
await app.register(formbody);

app.get("/", (request, reply) => {
  const text = page(request.session.user, flash(request.session, "notice"));
  return reply.type("text/html").send(text);
});

app.post<{ Body: { user?: string } }>("/login", (request, reply) => {
  // Check a password or a passkey here. `renew` gives the session another id.
  renew(request.session);
  request.session.user = request.body?.user ?? "";
  flash(request.session, "notice", "Good to see you.");
  return reply.redirect("/", 303);
});

app.post("/logout", (request, reply) => {
  destroy(request.session);
  return reply.redirect("/", 303);
});

export async function serve(port: number) {
  await app.listen({ port });
  return app.server;
}
