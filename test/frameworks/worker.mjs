// Serves the app of the suite on workerd. The binding VARIANT says with which options, PROGRAM with
// which framework.
import { makeApp } from "./app.mjs";
import { fetchOf as bare } from "./servers/fetch-sockets.mjs";
import { makeHono } from "./servers/hono.mjs";

let handler;

function makeHandler(program, variant) {
  const app = makeApp(variant);
  return program === "hono" ? makeHono(app, () => undefined).fetch : bare(app);
}

export default {
  fetch(request, env, context) {
    handler ??= makeHandler(env.PROGRAM, env.VARIANT);
    return handler(request, env, context);
  },
};
