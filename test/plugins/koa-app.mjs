// One app with koa-passport, on koa-session or ours.
import Koa from "koa";
import { KoaPassport } from "koa-passport";
import koaSession from "koa-session";
import { Strategy } from "passport-local";
import ourKoaSession from "@galleta/session/koa-session";

const secretKey = "a secret key of the plugins' tests, long enough";
const users = new Map([["ana", { name: "ana" }]]);

/** A parser of forms, which passport-local needs. */
async function parseForm(ctx, next) {
  let text = "";
  if (ctx.method === "POST") for await (const chunk of ctx.req.setEncoding("utf8")) text += chunk;
  ctx.request.body = Object.fromEntries(new URLSearchParams(text));
  await next();
}

export function build(kind) {
  const passport = new KoaPassport();
  passport.use(
    new Strategy((username, password, done) => {
      if (password === "correct horse") done(null, users.get(username));
      else done(null, false, { message: "wrong password" });
    }),
  );
  passport.serializeUser((user, done) => done(null, user.name));
  passport.deserializeUser((name, done) => done(null, users.get(name)));

  const app = new Koa();
  app.keys = [secretKey];
  app.use(kind === "koa-session" ? koaSession({}, app) : ourKoaSession({ secretKey }));
  app.use(parseForm);
  app.use(passport.initialize());
  app.use(passport.session());
  const views = {
    "/": (ctx) => {
      const { cart = null } = ctx.session;
      const { user = null } = ctx.state;
      ctx.body = { user, cart, isAuthenticated: ctx.isAuthenticated() };
    },
    "/cart": (ctx) => {
      ctx.session.cart = ["bread"];
      ctx.body = "kept";
    },
    "/login": (ctx, next) =>
      passport.authenticate("local", { successRedirect: "/", failureRedirect: "/failed" })(
        ctx,
        next,
      ),
    "/login-by-hand": (ctx, next) =>
      passport.authenticate("local", async (_error, user) => {
        if (user === false) return void (ctx.body = "refused");
        await ctx.login(user, { keepSessionInfo: true });
        ctx.body = "welcome";
      })(ctx, next),
    "/logout": async (ctx) => {
      await ctx.logout();
      ctx.redirect("/");
    },
    "/failed": (ctx) => (ctx.body = "wrong"),
    "/told": (ctx) => {
      const { isNew, populated, length } = ctx.session;
      ctx.body = { isNew, populated, length, json: ctx.session.toJSON() };
    },
    "/remember": (ctx) => {
      ctx.session.user = "ana";
      ctx.session.maxAge = 3_600_000;
      ctx.body = { maxAge: ctx.session.maxAge };
    },
    "/browser": (ctx) => {
      ctx.session.user = "ana";
      ctx.session.maxAge = "session";
      ctx.body = { maxAge: ctx.session.maxAge };
    },
    "/regenerate": async (ctx) => {
      await ctx.session.regenerate();
      await ctx.session.save();
      ctx.body = ctx.session.toJSON();
    },
    "/null": (ctx) => {
      ctx.session = null;
      ctx.body = "gone";
    },
  };
  app.use((ctx, next) => views[ctx.path](ctx, next));
  return app.callback();
}
