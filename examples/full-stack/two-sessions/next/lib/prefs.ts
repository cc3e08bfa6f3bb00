import { nextSession } from "@galleta/session/next";

export interface Prefs {
  theme: string;
}

/** The second session: preferences that stay for a year. */
export const {
  getSession: getPrefs,
  withSession: withPrefs,
  proxy: prefsProxy,
} = nextSession<Prefs>(() => ({
  property: "prefs",
  secretKey: process.env.SECRET_KEY ?? "",
  maxAge: 365 * 86_400,
  sameSite: "strict",
  trustedOrigins: ["https://both.example", "https://prefs.example"],
}));
