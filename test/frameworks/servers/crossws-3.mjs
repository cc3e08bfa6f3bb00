// crossws 0.3, as in Nitro 2.
import { session as httpSession } from "@galleta/session/fetch";
import { session, sessionOf } from "@galleta/session/crossws";
import { handshake, inAll, ofObject, reply } from "../app.mjs";
import { serveFetch } from "../serve-fetch.mjs";
import { listen } from "./node-http.mjs";

const hooksOf = (all) =>
  session(all)({
    upgrade(request, _first, held) {
      const status = handshake(ofObject(held), request.url);
      return status === undefined ? undefined : new Response(null, { status });
    },
    async message(peer, message) {
      const send = (text) => peer.send(text);
      send(await reply((property) => sessionOf(peer, property), message.text(), send));
    },
  });

export default async function start(app) {
  const hooks = hooksOf(app.all);
  if (!("Bun" in globalThis || "Deno" in globalThis)) {
    const { default: crossws } = await import("crossws-3/adapters/node");
    const ws = crossws({ hooks });
    return listen(app, (server) => {
      server.on("upgrade", (req, socket, head) => void ws.handleUpgrade(req, socket, head));
    });
  }
  const runtime = "Bun" in globalThis ? "bun" : "deno";
  const { default: crossws } = await import(`crossws-3/adapters/${runtime}`);
  const ws = crossws({ hooks });
  const withSession = inAll(app.all, httpSession, async (request, context) => {
    return new Response(await app.http(request.url, ofObject(context)));
  });
  const fetch = (request, beside) =>
    request.headers.has("upgrade") ? ws.handleUpgrade(request, beside) : withSession(request);
  return serveFetch(fetch, runtime === "bun" ? { websocket: ws.websocket } : {});
}
