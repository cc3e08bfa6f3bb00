import { session } from "@galleta/session/tanstack-start";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
    todos: string[];
    counts: { clicks: number };
  }
}

export const [serveSession, getSession] = session(() => ({
  secretKey: process.env.SECRET_KEY ?? "",
}));
