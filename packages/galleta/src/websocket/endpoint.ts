import type { Core } from "../core.ts";
import { GalletaError } from "../errors.ts";
import type { AnySocketView, SocketOptions, ValueType } from "../route.ts";

/** A view for sockets with its options, and its apps from the outermost in. */
export interface SocketEndpoint extends Required<SocketOptions> {
  readonly view: AnySocketView;
  readonly owners: readonly Core[];
}

const DEFAULTS: Required<SocketOptions> = {
  valueType: "text",
  autoAccept: true,
  maxMessageSize: 1024 * 1024,
  maxQueue: 32,
};

const VALUE_TYPES: readonly ValueType[] = ["text", "json", "bytes"];

/**
 * Checks the options of a socket route.
 *
 * @throws GalletaError `ERR_GALLETA_ROUTE` if an option is unknown or wrong
 */
export function checkSocketOptions(options: SocketOptions): Required<SocketOptions> {
  for (const name of Object.keys(options)) {
    if (!(name in DEFAULTS)) {
      throw wrong(
        `A socket route has no option ${name}. Its options are ${Object.keys(DEFAULTS).join(", ")}.`,
      );
    }
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const checked = { ...DEFAULTS, ...Object.fromEntries(given) } as Required<SocketOptions>;
  if (!VALUE_TYPES.includes(checked.valueType)) {
    throw wrong('valueType is "text", "json" or "bytes".');
  }
  if (typeof checked.autoAccept !== "boolean") throw wrong("autoAccept must be true or false.");
  for (const name of ["maxMessageSize", "maxQueue"] as const) {
    if (!Number.isSafeInteger(checked[name]) || checked[name] < 1) {
      throw wrong(`${name} must be a whole number above 0.`);
    }
  }
  return checked;
}

function wrong(message: string): GalletaError<"ERR_GALLETA_ROUTE"> {
  return new GalletaError("ERR_GALLETA_ROUTE", message);
}
