// One app with @fastify/passport (which registers @fastify/flash) and @fastify/csrf-protection, on @fastify/secure-session
// or ours.
import csrf from "@fastify/csrf-protection";
import { Authenticator } from "@fastify/passport";
import secureSession from "@fastify/secure-session";
import Fastify from "fastify";
import { Strategy } from "passport-local";
import ourSession from "@galleta/session/fastify-secure-session";

const secretKey = "a secret key of the plugins' tests, long enough";
const users = new Map([["ana", { name: "ana" }]]);

export async function build(kind) {
  const app = Fastify();
  if (kind === "@fastify/secure-session") {
    await app.register(secureSession, { key: Buffer.alloc(32, 7), cookie: { path: "/" } });
  } else {
    await app.register(ourSession({ secretKey }));
  }
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body))),
  );
  const passport = new Authenticator();
  passport.use(
    "local",
    new Strategy((username, password, done) => {
      if (password === "correct horse") done(null, users.get(username));
      else done(null, false, { message: "wrong password" });
    }),
  );
  passport.registerUserSerializer(async ({ name }) => name);
  passport.registerUserDeserializer(async (name) => users.get(name) ?? null);
  await app.register(passport.initialize());
  await app.register(passport.secureSession());
  await app.register(csrf, { sessionPlugin: "@fastify/secure-session" });

  app.get("/", (request) => {
    const { user } = request;
    const cart = request.session.get("cart") ?? null;
    return { user: user ?? null, cart, isAuthenticated: request.isAuthenticated() };
  });
  app.get("/cart", (request) => {
    request.session.set("cart", ["bread"]);
    return "kept";
  });
  const authenticate = (more) =>
    passport.authenticate("local", { successRedirect: "/", failureRedirect: "/failed", ...more });
  app.post("/login", { preValidation: authenticate({}) }, () => {});
  app.post("/login-flash", { preValidation: authenticate({ failureFlash: true }) }, () => {});
  app.get("/failed", (_request, reply) => reply.flash());
  app.post("/logout", async (request, reply) => {
    await request.logout();
    return reply.redirect("/");
  });
  app.get("/flash", (request) => request.flash("notice", ["saved", "twice"]));
  app.get("/flashed", (_request, reply) => reply.flash("notice"));
  app.get("/form", (_request, reply) => reply.generateCsrf());
  app.post("/send", { onRequest: app.csrfProtection }, () => "sent");
  app.get("/data", ({ session }) => {
    session.set("a", 1);
    session.set("b", { c: 2 });
    session.set("gone", undefined);
    return {
      data: session.data(),
      a: session.a,
      b: session.get("b"),
      none: session.get("x") ?? null,
    };
  });
  app.get("/regenerate", ({ session }) => {
    session.regenerate(["a"]);
    return session.data();
  });
  app.get("/told", ({ session }) => {
    const before = session.changed;
    session.set("a", 2);
    return { before, changed: session.changed, deleted: session.deleted };
  });
  app.get("/remember", ({ session }) => {
    session.set("user", "ana");
    session.options({ maxAge: 3600 });
    return "remembered";
  });
  app.get("/delete", ({ session }) => {
    session.delete();
    return { deleted: session.deleted };
  });
  await app.ready();
  return app;
}
