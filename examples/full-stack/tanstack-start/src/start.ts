import { createMiddleware, createStart } from "@tanstack/react-start";
import { serveSession } from "./session.server";

export const startInstance = createStart(() => ({
  requestMiddleware: [createMiddleware().server(serveSession)],
}));
