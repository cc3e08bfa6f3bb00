// Plain crossws, configured as in App.
import nodeAdapter from "crossws/adapters/node";
import { createServer } from "node:http";
import { listening } from "../../http/listening.ts";

const ws = nodeAdapter({ hooks: { message: (peer, message) => void peer.send(message.text()) } });
const server = createServer((_req, res) => res.end("{}"));
server.on("upgrade", (req, socket, head) => void ws.handleUpgrade(req, socket, head));
server.listen(0, "127.0.0.1", () => listening(server));
