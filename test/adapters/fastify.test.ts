import { Readable } from "node:stream";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { session } from "@galleta/session/fastify";
import type { LazySessions } from "@galleta/session/adapter";
import { answer } from "./app.ts";
import { conformance } from "./conformance.ts";
import { codeOf } from "./harnesses/listen.ts";
import type { Running } from "./harness.ts";

function create(): FastifyInstance {
  const app = Fastify({ bodyLimit: 5_000_000, forceCloseConnections: true });
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, _request, reply) => reply.code(500).send(codeOf(error)));
  return app;
}

async function build(...all: (LazySessions | undefined)[]): Promise<FastifyInstance> {
  const app = create();
  for (const given of all) if (given !== undefined) await app.register(session(given));
  app.all("*", async (request, reply) => {
    const { status, headers, body } = await answer({
      path: request.url.split("?")[0] ?? "/",
      query: new URL(request.url, "http://here").searchParams,
      get session() {
        return request.session as never;
      },
      set session(value) {
        request.session = value as never;
      },
      get prefs() {
        return (request as unknown as { prefs: Record<string, unknown> }).prefs;
      },
      native: request,
      text: () => Promise.resolve(bodyOf(request)),
    });
    reply.code(status ?? 200);
    for (const [name, value] of headers ?? []) reply.header(name, value);
    return reply.send(typeof body === "object" ? Readable.from(body) : body);
  });
  return app;
}

const bodyOf = ({ body }: FastifyRequest) => (typeof body === "string" ? body : "");

async function start(app: FastifyInstance): Promise<Running> {
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  return { origin, close: () => app.close() };
}

conformance({
  name: "fastify",
  setsUpAtStart: true,
  start: async (given, beside) => start(await build(given, beside)),
  startTwice: async (given) => start(await build(given, given)),
  async wrongOrder(given) {
    let told: unknown;
    const app = create();
    app.addHook("onRequest", async (request) => {
      Object.assign(request.session, { early: true });
    });
    await app.register(session(given));
    app.setErrorHandler((error, _request, reply) => {
      told = error;
      return reply.code(500).send("failed");
    });
    app.get("/", () => "here");
    await app.inject("/");
    await app.close();
    return told;
  },
});
