import {
  checkOptionNames,
  integer,
  oneOf,
  readOptions,
  SWITCH,
  type Rules,
} from "@galleta/session/internals";
import type { Core } from "../core.ts";
import { routeError, type AnySocketView, type SocketOptions } from "../route.ts";

/**
 * A WebSocket view, its options, and the apps to which it belongs: first the app that is served,
 * then each mounted app down to the one that registered the view.
 */
export interface SocketEndpoint extends Required<SocketOptions> {
  readonly view: AnySocketView;
  readonly owners: readonly Core[];
}

const COUNT = integer(1, Number.MAX_SAFE_INTEGER, "a whole number above 0");

const RULES: Rules<Required<SocketOptions>> = {
  valueType: [oneOf("text", "json", "bytes"), "text"],
  autoAccept: [SWITCH, true],
  maxMessageSize: [COUNT, 1024 * 1024],
  maxQueue: [COUNT, 32],
};

/**
 * Checks the options of `app.websocketRoute`.
 *
 * @throws GalletaError `ERR_GALLETA_ROUTE` if an option is unknown or wrong
 */
export function checkSocketOptions(options: SocketOptions): Required<SocketOptions> {
  checkOptionNames(options, Object.keys(RULES), "option of a socket route", routeError);
  return readOptions(options, RULES, {}, routeError);
}
