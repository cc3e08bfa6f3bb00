// One app with Passport, connect-flash and csrf-csrf, as their documentation shows, on the session that it
// is given.
import connectFlash from "connect-flash";
import cookieParser from "cookie-parser";
import cookieSession from "cookie-session";
import { doubleCsrf } from "csrf-csrf";
import express from "express";
import express4 from "express4";
import expressSession from "express-session";
import { Passport } from "passport";
import { Strategy } from "passport-local";
import { describe } from "@galleta/session";
import ourCookieSession from "@galleta/session/cookie-session";
import { session as plain } from "@galleta/session/express";
import ourExpressSession from "@galleta/session/express-session";

const secretKey = "a secret key of the plugins' tests, long enough";
const frameworks = { "Express 4": express4, "Express 5": express };

/** The sessions, old and ours. What an app changes is the import and the set-up line. */
export const sessions = {
  "express-session": () =>
    expressSession({ secret: secretKey, resave: false, saveUninitialized: false }),
  "@galleta/session/express-session": () => ourExpressSession({ secretKey }),
  "@galleta/session/express": () => plain({ secretKey }),
  "@galleta/session/cookie-session": () => ourCookieSession({ secretKey }),
};

const users = new Map([["ana", { name: "ana" }]]);

export function build(framework, kind) {
  const passport = new Passport();
  passport.use(
    new Strategy((username, password, done) => {
      if (password === "correct horse") done(null, users.get(username));
      else done(null, false, { message: "wrong password" });
    }),
  );
  passport.serializeUser((user, done) => done(null, user.name));
  passport.deserializeUser((name, done) => done(null, users.get(name)));
  const { doubleCsrfProtection, generateCsrfToken } = doubleCsrf({
    getSecret: () => secretKey,
    getSessionIdentifier: (req) => req.session.id ?? describe(req.session).id,
    cookieName: "csrf",
    cookieOptions: { secure: false },
  });

  const app = frameworks[framework]();
  app.use(sessions[kind]());
  app.use(cookieParser());
  app.use(express.urlencoded({ extended: false }));
  app.use(passport.session());
  app.use(connectFlash());
  app.get("/", (req, res) => {
    const { cart = null, returnTo = null } = req.session;
    const { user = null } = req;
    res.json({ user, cart, returnTo, isAuthenticated: req.isAuthenticated() });
  });
  app.get("/cart", (req, res) => {
    req.session.cart = ["bread"];
    req.session.returnTo = "/checkout";
    res.end("kept");
  });
  app.get("/keys", (req, res) =>
    res.json(Object.keys(req.session).filter((key) => key !== "cookie")),
  );
  app.post(
    "/login",
    passport.authenticate("local", {
      failureRedirect: "/failed",
      failureFlash: true,
      keepSessionInfo: true,
    }),
    (req, res) => res.redirect(req.session.returnTo ?? "/"),
  );
  app.post(
    "/login-fresh",
    passport.authenticate("local", { successRedirect: "/", failureRedirect: "/failed" }),
  );
  app.get("/failed", (req, res) => res.json(req.flash("error")));
  app.get("/form", (req, res) => {
    req.session.seen = true;
    res.json(generateCsrfToken(req, res));
  });
  app.post("/send", doubleCsrfProtection, (_req, res) => res.end("sent"));
  app.post("/logout", (req, res, next) => {
    req.logout((error) => (error ? next(error) : res.redirect("/")));
  });
  app.use((error, _req, res, _next) => {
    res.status(error.statusCode ?? 500).json(error.message);
  });
  return app;
}

/** `req.sessionOptions` of cookie-session, and what it has on the session. */
export function buildCookieSession(kind) {
  const app = express();
  app.use(
    kind === "cookie-session"
      ? cookieSession({ name: "session", keys: [secretKey], maxAge: 1_209_600_000 })
      : ourCookieSession({ secretKey }),
  );
  app.get("/told", ({ session }, res) => {
    const { isNew, isPopulated, isChanged } = session;
    res.json({ isNew, isPopulated, isChanged });
  });
  app.get("/remember", (req, res) => {
    req.session.user = "ana";
    req.sessionOptions.maxAge = 3_600_000;
    const { isNew, isPopulated, isChanged } = req.session;
    res.json({ isNew, isPopulated, isChanged, maxAge: req.sessionOptions.maxAge });
  });
  app.get("/null", (req, res) => {
    req.session = null;
    res.end("gone");
  });
  return app;
}

/** `req.session.cookie` of express-session. */
export function buildLifetimes(kind) {
  const app = express();
  app.use(sessions[kind]());
  app.get("/remember", ({ session }, res) => {
    session.user = "ana";
    session.cookie.maxAge = 3_600_000;
    res.json(Math.round(session.cookie.maxAge / 1000));
  });
  app.get("/until", ({ session }, res) => {
    session.user = "ana";
    session.cookie.expires = new Date(Date.now() + 7_200_000);
    res.json(Math.round(session.cookie.maxAge / 1000));
  });
  app.get("/browser", ({ session }, res) => {
    session.user = "ana";
    session.cookie.expires = false;
    res.json(session.cookie.maxAge || null);
  });
  return app;
}
