import { createMiddleware, createStart } from "@tanstack/react-start";
import { serveSession } from "./session.server";

const sessionMiddleware = createMiddleware().server(serveSession);

export const startInstance = createStart(() => ({ requestMiddleware: [sessionMiddleware] }));
