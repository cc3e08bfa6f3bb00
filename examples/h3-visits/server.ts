// SECRET_KEY=$(npx galleta secret) npx tsx server.ts
import { H3, serve } from "h3";
import { renew } from "@galleta/session";
import { session } from "@galleta/session/h3";

declare module "@galleta/session" {
  interface SessionData {
    visits: number;
    user: string;
  }
}

const app = new H3();
app.register(session({ secretKey: process.env["SECRET_KEY"] ?? "" }));

app.get("/", ({ context: { session } }) => {
  session.visits = (session.visits ?? 0) + 1;
  return { visits: session.visits, user: session.user ?? null };
});

app.post("/login/:user", ({ context: { session, params } }) => {
  renew(session);
  session.user = params?.["user"] ?? "";
  return { user: session.user };
});

app.post("/logout", ({ context }) => {
  context.session = null;
  return { user: null };
});

const port = Number(process.env["PORT"] ?? 3000);
const server = serve(app, { port, hostname: "127.0.0.1", silent: true });
await server.ready();
console.log("listening on port", new URL(server.url ?? "").port);
