// Serves the app of the suite on workerd. The binding VARIANT says with which options, PROGRAM with
// which framework.
import { makeApp } from "./app.mjs";
import { durableOf, roomOf } from "./durable.mjs";
import { fetchOf } from "./servers/fetch-sockets.mjs";
import { makeHono } from "./servers/hono.mjs";

let app;
let handler;

const appOf = ({ VARIANT }) => (app ??= makeApp(VARIANT));

const HANDLERS = {
  hono: (of) => makeHono(of, () => undefined).fetch,
  fetch: fetchOf,
  durable: durableOf,
};

export const Room = roomOf(appOf);

export default {
  fetch(request, env, context) {
    handler ??= HANDLERS[env.PROGRAM](appOf(env));
    return handler(request, env, context);
  },
};
