// Sockets of a Durable Object, which carry their session in the attachment.
import { session } from "@galleta/session/fetch";
import { reply } from "./app.mjs";

export function durableOf({ sessions, http }) {
  return session(sessions)(async (request, context, env) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/ws" || pathname === "/sleepy") {
      const room = env.ROOM.get(env.ROOM.idFromName("all"));
      return room.fetch(request);
    }
    return new Response(await http(request.url, () => context.session));
  });
}

/** @param appOf gives the app, which the object shares with the worker before it */
export const roomOf = (appOf) =>
  class Room {
    constructor(state, env) {
      this.state = state;
      this.sessions = appOf(env).sessions;
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
      const prolonged = this.sessions.shared.socketActivity && keep;
      const of = await this.sessions.resume(socket.deserializeAttachment(), { prolonged });
      if (of === undefined) socket.close(1008, "session ended");
      else socket.send(await reply(of, message));
    }
  };
