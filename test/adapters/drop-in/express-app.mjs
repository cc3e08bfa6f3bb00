// A login as express-session's users write it. The test changes the two marked lines, and nothing else.
import express from "express";
import session from "express-session"; // import

export const app = express();
app.use(session({ secret: "old", resave: false, saveUninitialized: false })); // set-up

app.get("/", (req, res) => {
  if (req.session.user) res.send(`hello ${req.session.user}`);
  else res.send("please log in");
});

app.post("/login", express.urlencoded({ extended: false }), (req, res, next) => {
  // A new id, so that one planted before is worthless.
  req.session.regenerate((regenerated) => {
    if (regenerated) return next(regenerated);
    req.session.user = req.body.user;
    // Saved before the redirect, so that the page which follows finds it.
    req.session.save((saved) => {
      if (saved) return next(saved);
      res.redirect("/");
    });
  });
});

app.get("/logout", (req, res, next) => {
  req.session.user = null;
  req.session.save((saved) => {
    if (saved) return next(saved);
    req.session.regenerate((regenerated) => {
      if (regenerated) return next(regenerated);
      res.redirect("/");
    });
  });
});

app.get("/views/:page", (req, res) => {
  req.session.views ??= {};
  const { views } = req.session;
  views[req.params.page] = (views[req.params.page] ?? 0) + 1;
  res.json(views);
});

app.get("/same-id", (req, res) => {
  req.session.seen ??= [];
  req.session.seen.push(req.sessionID === req.session.id ? req.sessionID : "differs");
  res.json(new Set(req.session.seen).size);
});

app.get("/end", (req, res) => {
  req.session.destroy(() => res.send("ended"));
});

app.get("/fails", (req) => {
  req.session.failed = true;
  throw new Error("a view that fails");
});

app.get("/failed", (req, res) => res.json(req.session.failed === true));

app.use((error, req, res, _next) => res.status(500).send(error.message));
