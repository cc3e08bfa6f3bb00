import { H3, onError, serve as serveH3 } from "h3";
import { session } from "@galleta/session/h3";
import type { LazySessions } from "@galleta/session/adapter";
import { conformance } from "./conformance.ts";
import { respond } from "./harnesses/fetch.ts";
import { codeOf } from "./harnesses/listen.ts";
import type { Running } from "./harness.ts";

function build(...all: (LazySessions | undefined)[]): H3 {
  const app = new H3({
    silent: true,
    onError: (error) => new Response(codeOf(error.cause ?? error), { status: error.status }),
  });
  for (const given of all) if (given !== undefined) app.register(session(given));
  app.all("/**", (event) => respond(event.req, event.context, undefined, event));
  return app;
}

async function start(app: H3): Promise<Running> {
  const server = serveH3(app, { port: 0, hostname: "127.0.0.1", silent: true });
  await server.ready();
  return { origin: new URL(server.url ?? "").origin, close: () => server.close(true) };
}

conformance({
  name: "h3",
  start: async (given, beside) => start(build(given, beside)),
  startTwice: async (given) => start(build(given, given)),
  async wrongOrder(given) {
    let told: unknown;
    const app = new H3({ silent: true });
    app.use(onError(({ cause }) => void (told = cause)));
    app.use((event) => {
      event.context.session = { of: "another middleware" } as object;
    });
    app.register(session(given));
    app.get("/", () => "here");
    await app.request("/");
    return told;
  },
});
