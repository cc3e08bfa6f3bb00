import { attachStream } from "@galleta/session";
import { session } from "@galleta/session/hono";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { ticks } from "../app.mjs";
import { serveFetch } from "../serve-fetch.mjs";

export default function start({ sessions, http }) {
  const app = new Hono();
  app.use(session(sessions));
  app.get("/events", (c) => {
    const of = c.var.session;
    const response = streamSSE(c, async (stream) => {
      for await (const state of ticks(of)) {
        if (stream.aborted || stream.closed) return;
        await stream.writeSSE({ data: JSON.stringify(state) });
      }
    });
    return attachStream(of, response);
  });
  app.get("*", async (c) => c.text(await http(c.req.url, () => c.var.session)));
  return serveFetch(app.fetch);
}
