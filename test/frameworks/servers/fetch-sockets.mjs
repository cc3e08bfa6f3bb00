// The runtimes' own sockets, with the adapter for Fetch.
import { guardWebSocket, session, sessionOf } from "@galleta/session/fetch";
import { handshake, inAll, ofObject, reply } from "../app.mjs";
import { serveFetch } from "../serve-fetch.mjs";

/** Answers a handshake as the users of the runtime do. */
function upgrade(request, context, server) {
  if ("Bun" in globalThis) {
    return server.upgrade(request) ? undefined : new Response("no socket", { status: 400 });
  }
  if ("Deno" in globalThis) {
    const { socket, response } = globalThis.Deno.upgradeWebSocket(request, {
      protocol: context.subprotocol(),
    });
    context.attach(socket);
    answerOn(socket, context);
    return response;
  }
  const { 0: client, 1: socket } = new globalThis.WebSocketPair();
  context.attach(socket);
  answerOn(socket, context);
  socket.accept();
  return new Response(null, { status: 101, webSocket: client });
}

function answerOn(socket, context) {
  const send = (text) => socket.send(text);
  socket.addEventListener("message", async ({ data }) => {
    send(await reply(ofObject(context), String(data), send));
  });
}

export function fetchOf({ all, http, record }) {
  const onError = (error) => {
    record(error);
    return new Response("failed", { status: 500 });
  };
  return inAll(
    all,
    (each) => (handler) => session(each)(handler, { onError }),
    async (request, context, ...beside) => {
      if (new URL(request.url).pathname === "/ws") {
        const status = handshake(ofObject(context), request.url);
        return status === undefined
          ? upgrade(request, context, ...beside)
          : new Response(null, { status });
      }
      const body = await http(request.url, ofObject(context));
      return new Response(body, { headers: { "content-type": "text/html" } });
    },
  );
}

const websocket = guardWebSocket({
  async message(ws, message) {
    const send = (text) => ws.send(text);
    send(await reply((property) => sessionOf(ws, property), String(message), send));
  },
});

export default function start(app) {
  return serveFetch(fetchOf(app), "Bun" in globalThis ? { websocket } : {});
}
