// Replaces react-router-serve, which trusts no proxy that ends TLS.
import { createRequestHandler } from "@react-router/express";
import express from "express";

const app = express();
app.set("trust proxy", "loopback");
app.use(express.static("build/client"));
app.use(createRequestHandler({ build: await import("./build/server/index.js") }));
app.listen(Number(process.env.PORT ?? 3000));
