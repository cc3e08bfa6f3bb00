// SECRET_KEY=$(npx galleta secret) npx tsx server.ts
import { createServer } from "node:http";
import { renew } from "@galleta/session";
import { session } from "@galleta/session/node";

declare module "@galleta/session" {
  interface SessionData {
    visits: number;
    user: string;
  }
}

const withSession = session({ secretKey: process.env["SECRET_KEY"] ?? "" });

const server = createServer(
  withSession((req, res) => {
    const [, action, user] = (req.url ?? "/").split("/");
    if (req.method === "POST" && action === "login") {
      renew(req.session);
      req.session.user = user ?? "";
    } else if (req.method === "POST" && action === "logout") {
      req.session = null;
    } else {
      req.session.visits = (req.session.visits ?? 0) + 1;
    }
    res.setHeader("Content-Type", "application/json");
    const { visits = 0, user: name = null } = req.session;
    res.end(JSON.stringify({ visits, user: name }));
  }),
);

server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log("listening on port", (server.address() as { port: number }).port);
});
