// Works with any server for the Fetch API; this example uses srvx, which runs on Node, Bun and
// Deno.
// SECRET_KEY=$(npx galleta secret) npx tsx server.ts
import { serve } from "srvx";
import { renew } from "@galleta/session";
import { withSession } from "@galleta/session/fetch";

declare module "@galleta/session" {
  interface SessionData {
    visits: number;
    user: string;
  }
}

const fetch = withSession(
  (request, context) => {
    const { session } = context;
    const [, action, user] = new URL(request.url).pathname.split("/");
    if (request.method === "POST" && action === "login") {
      renew(session);
      session.user = user ?? "";
    } else if (request.method === "POST" && action === "logout") {
      context.session = null;
    } else {
      session.visits = (session.visits ?? 0) + 1;
    }
    return Response.json({ visits: session.visits ?? 0, user: session.user ?? null });
  },
  { secretKey: process.env["SECRET_KEY"] ?? "" },
);

const port = Number(process.env["PORT"] ?? 3000);
const server = serve({ fetch, port, hostname: "127.0.0.1", silent: true });
await server.ready();
console.log("listening on port", new URL(server.url ?? "").port);
