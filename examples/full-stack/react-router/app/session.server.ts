import { session } from "@galleta/session/react-router";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
    todos: string[];
    counts: { clicks: number };
  }
}

export const [sessionMiddleware, getSession] = session(() => ({
  secretKey: process.env.SECRET_KEY ?? "",
}));
