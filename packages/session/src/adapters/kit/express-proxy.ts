import type { Sessions } from "../../engine.ts";
import { refuseSetUp } from "./given.ts";

/** Sessions whose first request was looked at. */
const seen = new WeakSet<object>();

/**
 * Warns once, at the first request, where Express trusts a proxy that the sessions do not: sockets
 * would be denied, and the reason would be an option of ours that the app's author believes is set.
 *
 * Express marks each request with its app. `trustProxy: false` says that it is meant so.
 */
export function warnOfTrustProxy(sessions: Sessions<never>, req: object): void {
  const { app } = req as { app?: { settings?: Record<string, unknown> } };
  if (app === undefined || seen.has(sessions)) return;
  seen.add(sessions);
  // Not app.get(name), which makes a route in frameworks that resemble Express.
  const isOn = Boolean(app.settings?.["trust proxy"]);
  if (!isOn || sessions.shared.knowsProxies) return;
  process.emitWarning(
    refuseSetUp(
      "Express' `trust proxy` is on, and sessions do not ask it: behind a proxy sockets and forms are denied, and `httpsOnly: \"auto\"` sets no Secure. Set the sessions' `trustProxy` as well, or to false.",
    ),
  );
}
