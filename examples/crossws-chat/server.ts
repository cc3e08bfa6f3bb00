// One session for pages and sockets, on Node, Bun and Deno.
// SECRET_KEY=$(npx galleta secret) npx tsx server.ts
import { serve } from "crossws/server";
import { createSessions, renew } from "@galleta/session";
import { session as socketSession, sessionOf } from "@galleta/session/crossws";
import { session as httpSession } from "@galleta/session/fetch";

declare module "@galleta/session" {
  interface SessionData {
    visits: number;
    user: string;
  }
}

const sessions = createSessions({ secretKey: process.env["SECRET_KEY"] ?? "" });

const fetch = httpSession(sessions)((request, context) => {
  const { session } = context;
  const [, action, user] = new URL(request.url).pathname.split("/");
  if (request.method === "POST" && action === "login") {
    renew(session);
    session.user = user ?? "";
  } else if (request.method === "POST" && action === "logout") {
    context.session = null; // closes the sockets of this session
  } else {
    session.visits = (session.visits ?? 0) + 1;
  }
  return Response.json({ visits: session.visits ?? 0, user: session.user ?? null });
});

const websocket = socketSession(sessions)({
  upgrade(_request, session) {
    // Only users who are logged in may connect.
    return session.user === undefined ? new Response("Log in first", { status: 401 }) : undefined;
  },
  open: (peer) => peer.subscribe("chat"),
  message(peer, message) {
    const line = `${sessionOf(peer).user}: ${message.text()}`;
    peer.send(line);
    peer.publish("chat", line);
  },
});

const port = Number(process.env["PORT"] ?? 3000);
const server = serve({ fetch, websocket, port, hostname: "127.0.0.1", silent: true });
await server.ready();
console.log("listening on port", new URL(server.url ?? "").port);
