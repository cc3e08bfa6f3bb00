import type { Sessions } from "../../engine.ts";
import { warn } from "../../warn.ts";
import { setUpError } from "./given.ts";

/** The sessions for which Express's setting `trust proxy` was already checked. */
const seen = new WeakSet<object>();

/**
 * Warns once, at the first request, if Express trusts a proxy and the sessions do not. The author
 * may expect that Express's option is enough, but without `trustProxy` the sessions deny
 * handshakes.
 *
 * The settings of Express come from `req.app`. An explicit `trustProxy: false` turns the warning
 * off.
 */
export function warnOfTrustProxy(sessions: Sessions<never>, req: object): void {
  const { app } = req as { app?: { settings?: Record<string, unknown> } };
  if (app === undefined || seen.has(sessions)) return;
  seen.add(sessions);
  // Calling app.get(name) would define a route in frameworks that resemble Express.
  const isOn = Boolean(app.settings?.["trust proxy"]);
  if (!isOn || sessions.shared.knowsProxies) return;
  warn(
    setUpError(
      'Express trusts a proxy (`trust proxy`), but the sessions do not. Behind a proxy they deny sockets and forms, and `httpsOnly: "auto"` does not set Secure. Set the option `trustProxy` of the sessions as well; set it to false if there is no proxy.',
    ),
  );
}
