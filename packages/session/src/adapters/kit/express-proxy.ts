import type { Sessions } from "../../engine.ts";
import { warn } from "../../warn.ts";
import { setUpError } from "./given.ts";

/** Sessions whose first request was checked. */
const seen = new WeakSet<object>();

/**
 * Warns once, at the first request, if Express trusts a proxy and the sessions do not. Handshakes
 * would then be denied, and the author would not expect it after setting Express's option.
 *
 * The app comes from `req.app`. An explicit `trustProxy: false` turns the warning off.
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
      'Express trusts a proxy (`trust proxy`), but the sessions do not: behind a proxy sockets and forms are denied, and `httpsOnly: "auto"` sets no Secure. Set the sessions\' `trustProxy` as well, or set it to false.',
    ),
  );
}
