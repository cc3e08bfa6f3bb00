import { createNodeWebSocket } from "@hono/node-ws";
import { Hono } from "hono";
import { serveFetch } from "../serve-fetch.mjs";
import { makeHono } from "./hono.mjs";

export default function start(given) {
  const app = new Hono();
  const { upgradeWebSocket, injectWebSocket } = createNodeWebSocket({ app });
  makeHono(given, upgradeWebSocket, app);
  return serveFetch(app.fetch, { started: injectWebSocket });
}
