import { optionError } from "../errors.ts";
import type { SessionData, SessionOf } from "../session/data.ts";
import {
  checkOptionNames,
  filled,
  FUNCTION,
  integer,
  listOf,
  oneOf,
  readOptions,
  type Rules,
} from "../validate.ts";
import type { DeviceAlgorithm } from "./jwk.ts";

/** The settings of `deviceBound()`. */
export interface DeviceBoundSettings {
  /**
   * The lifetime in seconds of the cookie that binds a session to its device. When the cookie
   * expires, the browser must prove again that it has the key. From 30 to 86,400. Default 600.
   */
  readonly refresh?: number | undefined;
  /** The algorithms that devices may sign with, the best first. Default `["ES256", "RS256"]`. */
  readonly algorithms?: readonly DeviceAlgorithm[] | undefined;
  /**
   * Decides which sessions must be bound. If it returns true, a session that is not bound within
   * its first minute is rejected. Default: binding is optional.
   */
  readonly require?: ((session: SessionOf<SessionData>) => boolean) | undefined;
  /**
   * What happens to a session whose bound cookie, renewed by its device every few minutes, is
   * missing or expired. "reject": the request sees an empty session, and the event `rejected` is
   * emitted with the reason `device`. "mark": the session can be read, and
   * `describe(session).deviceBound` is "stale". Default "reject".
   */
  readonly stale?: "reject" | "mark" | undefined;
}

/** The settings of `deviceBound()`, checked and with defaults filled in. */
export interface CheckedDeviceBound {
  readonly refresh: number;
  readonly algorithms: readonly DeviceAlgorithm[];
  readonly require?: DeviceBoundSettings["require"];
  readonly stale: "reject" | "mark";
}

const RULES: Rules<CheckedDeviceBound> = {
  refresh: [integer(30, 86_400, "whole seconds, 30 to 86400"), 600],
  algorithms: [filled(listOf(oneOf("ES256", "RS256"))), ["ES256", "RS256"]],
  require: [FUNCTION],
  stale: [oneOf("reject", "mark"), "reject"],
};

/**
 * Checks the settings of `deviceBound()`.
 *
 * @throws SessionError `ERR_SESSION_OPTION`
 */
export function readDeviceSettings(settings: unknown): CheckedDeviceBound {
  if (typeof settings !== "object" || settings === null) {
    throw optionError(
      "The argument of deviceBound() must be an object of settings, such as { refresh: 600 }.",
    );
  }
  checkOptionNames(settings, Object.keys(RULES), "setting of deviceBound");
  return readOptions<CheckedDeviceBound>(settings, RULES);
}
