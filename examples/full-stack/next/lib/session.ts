import { nextSession } from "@galleta/session/next";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
    todos: string[];
    counts: { clicks: number };
  }
}

export const { getSession, withSession, proxy } = nextSession(() => ({
  secretKey: process.env.SECRET_KEY ?? "",
}));
