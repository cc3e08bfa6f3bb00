// The app over HTTP on node:http, for libraries that only take sockets.
import { createServer } from "node:http";
import { session } from "@galleta/session/node";

/** @param prepare is given the server before it listens */
export async function listen({ sessions, http }, prepare) {
  const server = createServer(
    session(sessions)(async (req, res) => {
      const body = await http(req.url, () => req.session);
      res.setHeader("content-type", "text/html").end(body);
    }),
  );
  prepare(server);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}
