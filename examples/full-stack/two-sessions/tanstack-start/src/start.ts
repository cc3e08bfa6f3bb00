import { createMiddleware, createStart } from "@tanstack/react-start";
import { servePrefs } from "./prefs.server";
import { serveSession } from "./session.server";

export const startInstance = createStart(() => ({
  requestMiddleware: [
    createMiddleware().server(serveSession),
    createMiddleware().server(servePrefs),
  ],
}));
