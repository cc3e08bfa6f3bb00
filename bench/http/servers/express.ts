// node express.ts [off | headers | cookie-session | signed | encrypted]
import { session as galletaSession } from "@galleta/session/express";
import cookieSession from "cookie-session";
import express, { type Request, type RequestHandler } from "express";
import { listening } from "../listening.ts";
import { login, PLAIN, read, SECRET, threeHeaders, userOf, write, type Visit } from "../views.ts";

const mode = process.argv[2];
const app = express();
if (mode === "headers") {
  app.use((_req, res, next) => {
    res.set(threeHeaders());
    next();
  });
}
if (mode === "cookie-session") {
  app.use(cookieSession({ name: "session", keys: [SECRET] }) as unknown as RequestHandler);
}
if (mode === "signed" || mode === "encrypted") {
  app.use(galletaSession({ secretKey: SECRET, encrypt: mode === "encrypted" }));
}

// Both libraries declare a type of `req.session`.
const sessionOf = (req: Request) => (req as unknown as { session: Partial<Visit> }).session;

app.get("/plain", (_req, res) => void res.json(PLAIN));
app.get("/login", (req, res) => void res.json(login(sessionOf(req), userOf(req.url))));
app.get("/read", (req, res) => void res.json(read(sessionOf(req))));
app.get("/write", (req, res) => void res.json(write(sessionOf(req))));

const server = app.listen(0, "127.0.0.1", () => listening(server));
