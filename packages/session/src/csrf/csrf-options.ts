import { optionError } from "../errors.ts";
import { checkOption, listOf, textThat } from "../validate.ts";
import { SITE_OPTION_NAMES, type SiteOptions } from "../site/site.ts";

/** The settings of the check for cross-site requests. */
export interface CsrfSettings {
  /**
   * Requires a token in requests that have a session but neither Origin nor Sec-Fetch-Site, and an
   * Origin in WebSocket handshakes. Default false.
   */
  readonly strict?: boolean | undefined;
  /**
   * Paths that are not checked, exactly as in the request line: `/hook` does not match `/hook/`,
   * and paths are not decoded or normalized first.
   */
  readonly exempt?: readonly string[] | undefined;
}

/**
 * The option `csrf`: `true` (the default), `false` (off), `"strict"`, or an object of settings.
 */
export type CsrfOption = boolean | "strict" | CsrfSettings;

/** The options of `createCrossSiteCheck`. */
export interface CrossSiteOptions extends SiteOptions {
  readonly csrf?: CsrfOption | undefined;
  /** Other origins whose pages may send requests with side effects. Only exact matches count. */
  readonly trustedOrigins?: readonly string[] | undefined;
}

/** The names of all options of the cross-site check. */
export const CROSS_SITE_OPTION_NAMES = [
  "csrf",
  "trustedOrigins",
  ...SITE_OPTION_NAMES,
] as const satisfies readonly (keyof CrossSiteOptions)[];

/** The `csrf` option in its internal form. */
export interface CompiledCsrf {
  readonly enabled: boolean;
  readonly strict: boolean;
  readonly exempt: ReadonlySet<string>;
}

const PATHS = listOf(
  textThat(
    // A request line holds only these characters. A path with any other character would never
    // match.
    (path) => /^\/[!-~]*$/.test(path) && !/[?#*]|\/:/.test(path),
    "paths as browsers send them, like /a%20b, without query or wildcard",
  ),
);

/**
 * Checks the `csrf` option and converts it to its internal form.
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
