import { createServer } from "node:http";
import { attachStream } from "@galleta/session";
import { session } from "@galleta/session/node";
import { writeEvents } from "../app.mjs";

export default async function start({ sessions, http }) {
  const server = createServer(
    session(sessions)(async (req, res) => {
      if (req.url !== "/events") return res.end(await http(req.url, () => req.session));
      attachStream(req.session, res);
      writeEvents(req.session, res);
    }),
  );
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}
