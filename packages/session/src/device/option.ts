import { CONNECT, type ConnectedDevice } from "../session/connect.ts";
import { DeviceBinding, REFRESH_PATH, REGISTRATION_PATH } from "./binding.ts";
import { answerRefresh } from "./refresh.ts";
import { answerRegistration } from "./registration.ts";
import { unavailable } from "./replies.ts";
import { readDeviceSettings, type DeviceBoundSettings } from "./settings.ts";

/**
 * Binds sessions to the device of their browser (experimental).
 *
 * Browsers with Device Bound Session Credentials keep a key that cannot leave the device, and prove
 * every few minutes that they have it. A cookie copied to another device then works for only a few
 * minutes. In other browsers sessions work without a binding, unless `require` demands one.
 *
 * Binding needs TLS or localhost, and a cookie of one host: set neither `domain` nor `partitioned`.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if a setting is unknown or wrong
 * @see The W3C draft "Device Bound Session Credentials" (dbsc-1)
 * @example
 * ```ts
 * import { deviceBound } from "@galleta/session/device-bound";
 * const sessions = createSessions({ secretKey, deviceBound: deviceBound({ refresh: 300 }) });
 * ```
 */
export function deviceBound(settings: DeviceBoundSettings = {}): ConnectedDevice {
  const checked = readDeviceSettings(settings);
  return {
    [CONNECT](shared) {
      const binding = new DeviceBinding(shared, checked);
      const endpoints = [
        [REGISTRATION_PATH, answerRegistration],
        [REFRESH_PATH, answerRefresh],
      ] as const;
      for (const [path, answer] of endpoints) {
        shared.endpoints.set(binding.pathOf(path), {
          method: "POST",
          // The browser itself calls these endpoints, also when a page of another site caused the
          // request that needs the session.
          fromAnySite: true,
          answer: (context, facts) => answer(binding, context, facts).catch(unavailable),
        });
      }
      return binding;
    },
  };
}
