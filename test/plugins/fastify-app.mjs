// One app with @fastify/passport (which registers @fastify/flash) and @fastify/csrf-protection, on
// @fastify/secure-session, on @fastify/session, or on ours.
import cookies from "@fastify/cookie";
import csrf from "@fastify/csrf-protection";
import { Authenticator } from "@fastify/passport";
import secureSession from "@fastify/secure-session";
import fastifySession from "@fastify/session";
import Fastify from "fastify";
import { Strategy } from "passport-local";
import ourSecureSession from "@galleta/session/fastify-secure-session";
import ourSession from "@galleta/session/fastify-session";

const secretKey = "a secret key of the plugins' tests, long enough";
const users = new Map([["ana", { name: "ana" }]]);

const LIBRARIES = {
  "@fastify/secure-session": (app) =>
    app.register(secureSession, { key: Buffer.alloc(32, 7), cookie: { path: "/" } }),
  "@galleta/session/fastify-secure-session": (app) => app.register(ourSecureSession({ secretKey })),
  async "@fastify/session"(app) {
    await app.register(cookies);
    const cookie = { secure: false };
    await app.register(fastifySession, { secret: secretKey, cookie, saveUninitialized: false });
  },
  "@galleta/session/fastify-session": (app) => app.register(ourSession({ secretKey })),
};

export async function build(kind) {
  const app = Fastify();
  await LIBRARIES[kind](app);
  const isSecure = kind.endsWith("secure-session");
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
  await app.register(csrf, {
    sessionPlugin: isSecure ? "@fastify/secure-session" : "@fastify/session",
  });

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
  if (isSecure) secureViews(app);
  else sessionViews(app);
  await app.ready();
  return app;
}

/** What only sessions of @fastify/secure-session have. */
function secureViews(app) {
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
}

/** What only sessions of @fastify/session have. */
function sessionViews(app) {
  app.get("/data", ({ session }) => {
    session.set("a", 1);
    session.set("b", { c: 2 });
    session.touch();
    return { a: session.a, b: session.get("b"), none: session.get("x") ?? null };
  });
  app.get("/regenerate", async (request) => {
    const { session } = request;
    const before = session.sessionId;
    await session.regenerate(["a", "gone"]);
    const { a, b = null, sessionId } = request.session;
    request.session.set("c", 3);
    return { isOther: sessionId !== before, a, b, before: session.b };
  });
  app.get("/regenerate-callback", (request, reply) => {
    request.session.regenerate((error) => {
      request.session.d = 4;
      reply.send({ error: error ?? null, a: request.session.a ?? null });
    });
  });
  app.get("/regenerate-keep-callback", (request, reply) => {
    request.session.regenerate(["d"], () => reply.send({ d: request.session.d }));
  });
  app.get("/told", ({ session }) => {
    const before = session.isModified();
    session.set("told", Math.random());
    return { before, isModified: session.isModified(), id: typeof session.sessionId };
  });
  app.get("/save", async (request) => {
    request.session.set("e", [5]);
    await request.session.save();
    await request.session.reload();
    return { e: request.session.get("e") };
  });
  app.get("/save-callback", (request, reply) => {
    request.session.set("f", 6);
    request.session.save(() => {
      request.session.reload(() => reply.send({ e: request.session.e, f: request.session.f }));
    });
  });
  app.get("/remember", ({ session }) => {
    session.set("user", "ana");
    session.options({ maxAge: 3_600_000 });
    return "remembered";
  });
  app.get("/remember-by-cookie", ({ session }) => {
    session.set("user", "ana");
    session.cookie.maxAge = 3_600_000;
    return "remembered";
  });
  app.get("/remember-regenerated", async (request) => {
    request.session.options({ maxAge: 3_600_000 });
    await request.session.regenerate();
    request.session.set("user", "ana");
    return "remembered";
  });
  app.get("/destroy", async ({ session }) => {
    await session.destroy();
    return "destroyed";
  });
  app.get("/destroy-callback", ({ session }, reply) => {
    session.destroy((error) => reply.send({ error: error ?? null }));
  });
}

/** Calls that the other library takes without effect. */
export async function buildStrict() {
  const app = Fastify();
  await app.register(ourSession({ secretKey }));
  app.get("/write-after-regenerate", async ({ session }) => {
    await session.regenerate();
    session.user = "ana";
  });
  app.get("/write-after-destroy", async ({ session }) => {
    await session.destroy();
    session.set("user", "ana");
  });
  app.get("/attribute", ({ session }) => session.options({ path: "/here" }));
  app.get("/cookie-attribute", ({ session }) => (session.cookie.secure = false));
  await app.ready();
  return app;
}
