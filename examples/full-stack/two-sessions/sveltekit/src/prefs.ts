import { session } from "@galleta/session/sveltekit";

declare module "@galleta/session" {
  interface OtherSessions {
    prefs: { theme: string };
  }
}

/** The second session: preferences that stay for a year. */
export const prefs = session(() => ({
  property: "prefs",
  secretKey: process.env.SECRET_KEY ?? "",
  maxAge: 365 * 86_400,
  sameSite: "strict",
  trustedOrigins: ["https://both.example", "https://prefs.example"],
}));
