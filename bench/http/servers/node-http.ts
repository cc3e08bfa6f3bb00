import { createServer } from "node:http";
import { listening } from "../listening.ts";
import { PLAIN } from "../views.ts";

const server = createServer((_req, res) => {
  const body = JSON.stringify(PLAIN);
  res.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  res.end(body);
});
server.listen(0, "127.0.0.1", () => listening(server));
