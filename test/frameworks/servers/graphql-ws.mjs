import { session, sessionOf } from "@galleta/session/ws";
import { buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { handshake, reply } from "../app.mjs";
import { listen } from "./node-http.mjs";

const ofSocket = (ws) => (property) => sessionOf(ws, property);
const schema = buildSchema("type Query { say(message: String!): String! }");
const rootValue = { say: ({ message }, { of }) => reply(of, message) };

export default function start(app) {
  return listen(app, (server) => {
    const wss = new WebSocketServer({ noServer: true });
    const options = { handshake: (_first, req) => handshake(ofSocket(req), req.url) };
    server.on("upgrade", session(app.all, options)(wss));
    const context = ({ extra }) => ({ of: ofSocket(extra.socket) });
    useServer({ schema, roots: { query: rootValue }, context }, wss);
  });
}
