import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { Secret, type StandardSchema } from "@galleta/session";
import { checkOptionNames } from "@galleta/session/internals";
import { ConfigError } from "./errors.ts";

/**
 * The values that the option `cast` of {@link Config.get} accepts: a function (also `String`,
 * `Number` and `Boolean`), `Secret`, or a schema.
 */
export type ConfigCast = ((value: string) => unknown) | typeof Secret | StandardSchema;

/** The type of the value that `Config.get` returns with this option `cast`. */
export type CastResult<Cast extends ConfigCast> =
  // Schemas are checked first, because some schemas are functions.
  Cast extends StandardSchema<infer Output>
    ? Output
    : Cast extends typeof Secret
      ? Secret
      : Cast extends (value: string) => infer Result
        ? Result
        : never;

/** Options of {@link Config}. */
export interface ConfigOptions {
  /** A prefix for all keys: with `"APP_"`, `config.get("PORT")` reads `APP_PORT`. */
  readonly envPrefix?: string;
  /** The environment variables. Default: `process.env`, which `Config.get` reads at each call. */
  readonly environ?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the configuration of an app from the environment, from a file, or from a default, in this
 * order.
 *
 * The file has the `.env` syntax of Node (`util.parseEnv`) and need not exist. `Config` never
 * writes to `process.env`, and no error message contains a value of the configuration.
 *
 * @example
 * ```ts
 * const config = new Config(".env");
 * export const DEBUG = config.get("DEBUG", { cast: Boolean, default: false });
 * export const SESSIONS = { secretKey: config.get("SECRET_KEY", { cast: Secret }) };
 * ```
 */
export class Config {
  // Private fields, so that a logged Config does not show its values.
  readonly #file: ReadonlyMap<string, string>;
  readonly #fileName: string | undefined;
  readonly #environ: Readonly<Record<string, string | undefined>>;
  readonly #prefix: string;

  /**
   * @param file the path of a `.env` file, relative to the working directory; the file need not
   *   exist
   * @throws ConfigError (`ERR_GALLETA_CONFIG`) if the file exists and cannot be read, or an option is
   *   unknown
   */
  constructor(file?: string | URL, options: ConfigOptions = {}) {
    checkOptionNames(options, ["envPrefix", "environ"], "option of Config", configError);
    this.#fileName = file instanceof URL ? fileURLToPath(file) : file;
    this.#file = this.#fileName === undefined ? new Map() : readEnvFile(this.#fileName);
    this.#environ = options.environ ?? process.env;
    this.#prefix = options.envPrefix ?? "";
  }

  /**
   * Returns the value of a key, as a string or converted by `cast`. An empty value counts as
   * present. The default is returned unchanged, without the cast.
   *
   * `Number` accepts finite numbers, `Boolean` accepts `true`, `1`, `false` and `0` in any case. A
   * schema must be synchronous.
   *
   * @throws ConfigError (`ERR_GALLETA_CONFIG`) if the key is missing and has no default, or if the
   *   cast rejects the value
   * @example
   * ```ts
   * const port = config.get("PORT", { cast: Number, default: 8000 });   // number
   * const origin = config.get("ORIGIN", { cast: (value) => new URL(value) });   // URL
   * ```
   */
  get(key: string): string;
  get<const Default>(key: string, options: { readonly default: Default }): string | Widen<Default>;
  get<Cast extends ConfigCast>(key: string, options: { readonly cast: Cast }): CastResult<Cast>;
  get<Cast extends ConfigCast, const Default>(
    key: string,
    options: { readonly cast: Cast; readonly default: Default },
  ): CastResult<Cast> | Widen<Default>;
  get(key: string, options: { readonly cast?: ConfigCast; readonly default?: unknown } = {}) {
    const name = this.#prefix + key;
    const inherited = this.#environ[name];
    // Not `??`: a key like "constructor" finds an inherited function if the environment is a plain
    // object.
    const found = typeof inherited === "string" ? inherited : this.#file.get(name);
    if (found === undefined) {
      if ("default" in options) return options.default;
      throw new ConfigError(`${name} is missing: set it in the environment${this.#orInTheFile()}.`);
    }
    return options.cast === undefined ? found : castValue(name, found, options.cast);
  }

  #orInTheFile(): string {
    return this.#fileName === undefined ? "" : ` or in ${this.#fileName}`;
  }
}

/** Widens the type of the option `default`: `false` to boolean and `8000` to number. */
type Widen<Type> = Type extends string
  ? string
  : Type extends number
    ? number
    : Type extends boolean
      ? boolean
      : Type;

const configError = (message: string) => new ConfigError(message);

function readEnvFile(file: string): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return new Map();
    throw new ConfigError(`The configuration file ${file} cannot be read (${code}).`, { cause });
  }
  // A map, because a file may have a key "constructor" or "__proto__".
  return new Map(Object.entries(parseEnv(text) as Record<string, string>));
}

const BOOLEANS = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

function castValue(name: string, value: string, cast: ConfigCast): unknown {
  if (cast === String) return value;
  if (cast === Secret) return new Secret(value);
  if (cast === Number) {
    const number = Number(value);
    // Number("") is 0, but an empty value is rarely meant as 0.
    if (value.trim() !== "" && Number.isFinite(number)) return number;
    throw new ConfigError(`${name} must be a number.`);
  }
  if (cast === Boolean) {
    const boolean = BOOLEANS.get(value.toLowerCase());
    if (boolean !== undefined) return boolean;
    throw new ConfigError(`${name} must be true, 1, false or 0.`);
  }
  if ("~standard" in cast) return validate(name, value, cast);
  try {
    return (cast as (value: string) => unknown)(value);
  } catch {
    // Without a cause, because such errors quote the value ("abc" is not valid JSON).
    throw new ConfigError(
      `${name} has a value that its cast does not accept (the function threw).`,
    );
  }
}

function validate(name: string, value: string, schema: StandardSchema): unknown {
  let result: ReturnType<StandardSchema["~standard"]["validate"]>;
  try {
    result = schema["~standard"].validate(value);
  } catch {
    throw new ConfigError(`${name} does not match its schema.`);
  }
  if (result instanceof Promise) {
    // No code awaits this promise, and its rejection must not end the process.
    result.catch(() => undefined);
    throw new ConfigError(
      `${name} has an asynchronous schema. Use a synchronous one, because Config.get is synchronous.`,
    );
  }
  // The schema's own message is not repeated, because it may quote the value.
  if (result.issues) throw new ConfigError(`${name} does not match its schema.`);
  return result.value;
}
