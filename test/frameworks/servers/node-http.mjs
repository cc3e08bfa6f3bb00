// The app over HTTP on node:http, for libraries that only take sockets.
import { createServer } from "node:http";
import { session } from "@galleta/session/node";
import { inAll, ofObject } from "../app.mjs";

/** @param prepare is given the server before it listens */
export async function listen({ all, http }, prepare) {
  const server = createServer(
    inAll(all, session, async (req, res) => {
      const body = await http(req.url, ofObject(req));
      res.setHeader("content-type", "text/html").end(body);
    }),
  );
  prepare(server);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}
