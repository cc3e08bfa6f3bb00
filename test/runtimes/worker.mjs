// Runs the checks on workerd, and serves a session over HTTP and sockets.
import { createSessions } from "@galleta/session";
import { session as sockets } from "@galleta/session/crossws";
import { session } from "@galleta/session/fetch";
import crossws from "crossws/adapters/cloudflare";
import { runChecks } from "./suite.mjs";

const sessions = createSessions({ secretKey: "a secret key of the runtimes' suite, long enough" });
const serve = session(sessions)((_request, context) => {
  context.session.views = (context.session.views ?? 0) + 1;
  return Response.json(context.session);
});
const ws = crossws({
  hooks: sockets(sessions)({
    upgrade(_request, of) {
      of.fromHandshake = true;
    },
  }),
});

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname === "/checks") return Response.json(await runChecks());
    if (request.headers.has("upgrade")) return ws.handleUpgrade(request, env, context);
    return serve(request);
  },
};
