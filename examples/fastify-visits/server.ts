// SECRET_KEY=$(npx galleta secret) npx tsx server.ts
import Fastify from "fastify";
import { destroy, renew } from "@galleta/session";
import { session } from "@galleta/session/fastify";

declare module "@galleta/session" {
  interface SessionData {
    visits: number;
    user: string;
  }
}

const app = Fastify();
await app.register(session({ secretKey: process.env["SECRET_KEY"] ?? "" }));

app.get("/", ({ session }) => {
  session.visits = (session.visits ?? 0) + 1;
  return { visits: session.visits, user: session.user ?? null };
});

app.post<{ Params: { user: string } }>("/login/:user", ({ session, params }) => {
  renew(session);
  session.user = params.user;
  return { user: session.user };
});

app.post("/logout", ({ session }) => {
  destroy(session);
  return { user: null };
});

await app.listen({ port: Number(process.env["PORT"] ?? 3000), host: "127.0.0.1" });
console.log("listening on port", (app.server.address() as { port: number }).port);
