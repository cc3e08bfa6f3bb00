// node fastify.ts [off | headers | secure-session | signed | encrypted]
import secureSession, { type Session, type SessionData } from "@fastify/secure-session";
import { session as galletaSession } from "@galleta/session/fastify";
import fastify, { type FastifyRequest } from "fastify";
import { createHash } from "node:crypto";
import { listening } from "../listening.ts";
import {
  login,
  PLAIN,
  read,
  SECRET,
  threeHeaders,
  userOf,
  visitOf,
  write,
  type Visit,
} from "../views.ts";

const mode = process.argv[2];
const app = fastify();
app.get("/plain", () => PLAIN);

if (mode === "headers") {
  app.addHook("onSend", (_req, reply, _payload, done) => {
    reply.headers(threeHeaders());
    done();
  });
}
if (mode === "secure-session") {
  const key = createHash("sha256").update(SECRET).digest();
  await app.register(secureSession, { key, cookieName: "session", cookie: { path: "/" } });
  // Two libraries declare a type of `req.session`. This is the one of @fastify/secure-session.
  const session = (req: FastifyRequest) => req.session as unknown as Session<SessionData>;
  app.get("/login", (req) => {
    const visit = visitOf(userOf(req.url));
    session(req).set("n", visit.n);
    session(req).set("user", visit.user);
    session(req).set("views", visit.views);
    return { n: visit.n };
  });
  app.get("/read", (req) => ({ n: session(req).get("n"), views: session(req).get("views") }));
  app.get("/write", (req) => {
    const views = (session(req).get("views") ?? 0) + 1;
    session(req).set("views", views);
    return { n: session(req).get("n"), views };
  });
}
if (mode === "signed" || mode === "encrypted") {
  await app.register(galletaSession({ secretKey: SECRET, encrypt: mode === "encrypted" }));
  const session = (req: FastifyRequest) => (req as unknown as { session: Partial<Visit> }).session;
  app.get("/login", (req) => login(session(req), userOf(req.url)));
  app.get("/read", (req) => read(session(req)));
  app.get("/write", (req) => write(session(req)));
}

await app.listen({ port: 0, host: "127.0.0.1" });
listening(app.server);
