import { attachStream } from "@galleta/session";
import { session } from "@galleta/session/h3";
import { createEventStream, H3, serve } from "h3";
import { ticks } from "../app.mjs";

export default async function start({ sessions, http }) {
  const app = new H3().register(session(sessions));
  app.get("/events", (event) => {
    const stream = createEventStream(event);
    attachStream(event.context.session, stream);
    void push(stream, event.context.session);
    return stream.send();
  });
  app.get("/**", (event) => http(event.req.url, () => event.context.session));
  const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
  await server.ready();
  return Number(new URL(server.url).port);
}

async function push(stream, of) {
  let isOpen = true;
  stream.onClosed(() => (isOpen = false));
  for await (const state of ticks(of)) {
    if (!isOpen) return;
    await stream.push(JSON.stringify(state));
  }
}
