declare module "@galleta/session" {
  interface OtherSessions {
    prefs: { theme: string };
  }
}

/** The options of the second session: preferences that stay for a year. */
export const prefs = () => ({
  property: "prefs",
  secretKey: process.env.SECRET_KEY ?? "",
  maxAge: 365 * 86_400,
  sameSite: "strict" as const,
  trustedOrigins: ["https://both.example", "https://prefs.example"],
});
