// Sockets of a Durable Object, which carry their session in the attachment.
import { session } from "@galleta/session/fetch";
import { inAll, ofObject, reply } from "./app.mjs";

export function durableOf({ all, http }) {
  return inAll(all, session, async (request, context, env) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/ws" || pathname === "/sleepy") {
      const room = env.ROOM.get(env.ROOM.idFromName("all"));
      return room.fetch(request);
    }
    return new Response(await http(request.url, ofObject(context)));
  });
}

/** @param appOf gives the app, which the object shares with the worker before it */
export const roomOf = (appOf) =>
  class Room {
    constructor(state, env) {
      this.state = state;
      this.all = appOf(env).all;
    }

    fetch(request) {
      const { 0: client, 1: socket } = new globalThis.WebSocketPair();
      if (new URL(request.url).pathname === "/sleepy") this.state.acceptWebSocket(socket);
      else {
        socket.accept();
        socket.addEventListener("message", ({ data }) => this.webSocketMessage(socket, data));
      }
      socket.serializeAttachment(request.headers.get("cookie"));
      return new Response(null, { status: 101, webSocket: client });
    }

    async webSocketMessage(socket, message) {
      const keep = (cookie) => socket.serializeAttachment(cookie);
      const held = {};
      for (const each of this.all) {
        const prolonged = each.shared.socketActivity && keep;
        held[each.property] = await each.resume(socket.deserializeAttachment(), { prolonged });
      }
      if (Object.values(held).includes(undefined)) socket.close(1008, "session ended");
      else socket.send(await reply(ofObject(held), message));
    }
  };
