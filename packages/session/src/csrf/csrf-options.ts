import { optionError } from "../errors.ts";
import { checkOption, listOf, textThat } from "../validate.ts";
import { SITE_OPTION_NAMES, type SiteOptions } from "../site/site.ts";

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
export interface CrossSiteOptions extends SiteOptions {
  readonly csrf?: CsrfOption | undefined;
  /** Other origins whose pages may send requests that change something. Exact matches. */
  readonly trustedOrigins?: readonly string[] | undefined;
}

/** Every option that the check knows. */
export const CROSS_SITE_OPTION_NAMES = [
  "csrf",
  "trustedOrigins",
  ...SITE_OPTION_NAMES,
] as const satisfies readonly (keyof CrossSiteOptions)[];

/** The `csrf` option in one form. */
export interface CompiledCsrf {
  readonly enabled: boolean;
  readonly strict: boolean;
  readonly exempt: ReadonlySet<string>;
}

const PATHS = listOf(
  textThat(
    // A request line holds only these; anything else could never match.
    (path) => /^\/[!-~]*$/.test(path) && !/[?#*]|\/:/.test(path),
    "paths as browsers send them, like /a%20b, without query or wildcard",
  ),
);

/**
 * Checks the `csrf` option and brings it into one form.
 *
 * @throws SessionError ERR_SESSION_OPTION
 */
export function readCsrfOption(option: unknown = true): CompiledCsrf {
  const isObject = typeof option === "object" && option !== null && !Array.isArray(option);
  const settings = (isObject ? option : {}) as Record<string, unknown>;
  const { strict = option === "strict", exempt = [], ...others } = settings;
  if (
    !(isObject || [true, false, "strict"].includes(option as boolean)) ||
    typeof strict !== "boolean" ||
    Object.keys(others).length > 0
  ) {
    throw optionError('csrf must be true, false, "strict" or { strict: boolean, exempt: list }.');
  }
  checkOption("csrf.exempt", exempt, PATHS);
  return { enabled: option !== false, strict, exempt: new Set(exempt as string[]) };
}
