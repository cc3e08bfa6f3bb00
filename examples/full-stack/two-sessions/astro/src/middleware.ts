import type {} from "@galleta/session";
import { session } from "@galleta/session/astro";
import { sequence } from "astro:middleware";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
    todos: string[];
    counts: { clicks: number };
  }
  interface OtherSessions {
    prefs: { theme: string };
  }
}

export const onRequest = sequence(
  session(() => ({ secretKey: process.env.SECRET_KEY ?? "" })),
  // The second session: preferences that stay for a year.
  session(() => ({
    property: "prefs",
    secretKey: process.env.SECRET_KEY ?? "",
    maxAge: 365 * 86_400,
    sameSite: "strict",
    trustedOrigins: ["https://both.example", "https://prefs.example"],
  })),
);
