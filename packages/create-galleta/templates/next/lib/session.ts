import { nextSession } from "@galleta/session/next";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
  }
}

// In a function, so that `next build` needs no key.
export const { getSession, withSession, proxy } = nextSession(() => ({
  secretKey: process.env.SECRET_KEY ?? "",
}));
