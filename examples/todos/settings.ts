import { Config, memoryStore, Secret } from "galleta";

const config = new Config(".env");

export const SESSIONS = {
  secretKey: config.get("SECRET_KEY", { cast: Secret }),
  // Without STORE, a restart loses the list of logins. With STORE=sqlite:./sessions.db it does not.
  store: config.get("STORE", { cast: Secret, default: undefined }) ?? memoryStore(),
  subject: "name",
  labels: nameOfBrowser,
  maxSessions: config.get("MAX_SESSIONS", { cast: Number, default: 20 }),
};

/**
 * Returns the browser's name from a User-Agent header. For real users, choose a maintained parser.
 */
function nameOfBrowser(userAgent: string): string {
  const browser = /(Firefox|Edg|Chrome|Safari)\//.exec(userAgent)?.[1] ?? "A browser";
  const system = /Windows|Android|iPhone|Mac OS X|Linux/.exec(userAgent)?.[0] ?? "some system";
  return `${browser.replace("Edg", "Edge")} on ${system}`;
}
