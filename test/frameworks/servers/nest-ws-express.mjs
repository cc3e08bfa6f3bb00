import { startNest } from "./nest.mjs";

export default (app) => startNest(app, "express", "ws");
