import { SessionError } from "../errors.ts";
import type { TrustProxy } from "./proxy.ts";

/** How cross-site requests are refused. */
export interface CsrfSettings {
  /**
   * Whether a request without Origin and Sec-Fetch-Site that carries a session needs a token, and
   * a WebSocket handshake an Origin. Default false.
   */
  readonly strict?: boolean | undefined;
  /**
   * Paths whose requests are not checked, exactly as they stand in the request line: `/hook` is
   * not `/hook/`, and no path is decoded or tidied first.
   */
  readonly exempt?: readonly string[] | undefined;
}

/** `true` (the default), `false` (off), `"strict"`, or both switches by name. */
export type CsrfOption = boolean | "strict" | CsrfSettings;

/** The options of `createCrossSiteCheck`. */
export interface CrossSiteOptions {
  readonly csrf?: CsrfOption | undefined;
  /** Other origins whose pages may send requests that change something. Exact matches. */
  readonly trustedOrigins?: readonly string[] | undefined;
  /** Which proxies may say what the client asked for. Default false. */
  readonly trustProxy?: TrustProxy | undefined;
  /** The hosts that are served; others get 400. Default: all. */
  readonly allowedHosts?: readonly string[] | undefined;
}

/** Every option that the check knows. */
export const CROSS_SITE_OPTION_NAMES = [
  "csrf",
  "trustedOrigins",
  "trustProxy",
  "allowedHosts",
] as const satisfies readonly (keyof CrossSiteOptions)[];

/** The `csrf` option in one form. */
export interface CompiledCsrf {
  readonly enabled: boolean;
  readonly strict: boolean;
  readonly exempt: ReadonlySet<string>;
}

/**
 * Checks the `csrf` option and brings it into one form.
 *
 * @throws SessionError ERR_SESSION_OPTION
 */
export function readCsrfOption(option: unknown): CompiledCsrf {
  const none: ReadonlySet<string> = new Set();
  if (option === undefined || option === true)
    return { enabled: true, strict: false, exempt: none };
  if (option === false) return { enabled: false, strict: false, exempt: none };
  if (option === "strict") return { enabled: true, strict: true, exempt: none };
  if (typeof option !== "object" || option === null || Array.isArray(option)) {
    throw fault('csrf must be true, false, "strict" or an object with strict and exempt.');
  }
  for (const key of Object.keys(option)) {
    if (key !== "strict" && key !== "exempt") {
      throw fault("csrf has an unknown key; it takes strict and exempt.");
    }
  }
  const { strict = false, exempt = [] } = option as { strict?: unknown; exempt?: unknown };
  if (typeof strict !== "boolean") throw fault("csrf.strict must be true or false.");
  if (!Array.isArray(exempt)) throw fault("csrf.exempt must be a list of paths.");
  return { enabled: true, strict, exempt: new Set((exempt as unknown[]).map(readExemptPath)) };
}

function readExemptPath(path: unknown, index: number): string {
  const name = `csrf.exempt[${index}]`;
  if (typeof path !== "string") throw fault(`${name} must be a string.`);
  if (!path.startsWith("/")) throw fault(`${name} must start with a slash.`);
  if (/[?#]/.test(path)) throw fault(`${name} must be a path without query and fragment.`);
  if (/\*|\/:/.test(path)) throw fault(`${name} has a wildcard; list each exact path.`);
  // A request line holds only these; anything else could never match.
  if (/[^!-~]/.test(path)) throw fault(`${name} must be percent-encoded, as in the request line.`);
  return path;
}

function fault(message: string): SessionError<"ERR_SESSION_OPTION"> {
  return new SessionError("ERR_SESSION_OPTION", message);
}
