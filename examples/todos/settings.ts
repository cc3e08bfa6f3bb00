import { Config, memoryStore, Secret } from "galleta";

const config = new Config(".env");

export const SESSIONS = {
  secretKey: config.get("SECRET_KEY", { cast: Secret }),
  // A restart forgets who was signed in where. With STORE=sqlite:./sessions.db it does not.
  store: config.get("STORE", { cast: Secret, default: undefined }) ?? memoryStore(),
  subject: "name",
  labels: nameOfBrowser,
  maxSessions: config.get("MAX_SESSIONS", { cast: Number, default: 20 }),
};

/** Names the browser of a User-Agent header. An app with real users takes a parser that is kept. */
function nameOfBrowser(userAgent: string): string {
  const browser = /(Firefox|Edg|Chrome|Safari)\//.exec(userAgent)?.[1] ?? "A browser";
  const system = /Windows|Android|iPhone|Mac OS X|Linux/.exec(userAgent)?.[0] ?? "some system";
  return `${browser.replace("Edg", "Edge")} on ${system}`;
}
