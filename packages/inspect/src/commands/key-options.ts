import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { Secret } from "@galleta/session";
import { UsageError, type OptionSpec } from "./command.ts";

/**
 * The command-line options that say where a secret key is. A key itself is never an argument,
 * because other users can list processes with their arguments.
 */
export const KEY_OPTIONS = {
  "secret-env": {
    type: "string",
    value: "name",
    multiple: true,
    help: "The variable with the key (default SECRET_KEY); repeat it for older keys",
  },
  "env-file": {
    type: "string",
    value: "file",
    multiple: true,
    help: "Also look for the variable in this file",
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

/** A secret key, and where it was found. */
export interface NamedKey {
  /** The name of the environment variable that contains the key. */
  readonly name: string;
  /** Where the variable was found: `the environment`, or the path of a file. */
  readonly source: string;
  readonly secret: Secret;
}

/** The values of the command-line options that say where a secret key is. */
export interface KeyFlags {
  readonly "secret-env"?: readonly string[];
  readonly "env-file"?: readonly string[];
}

/** True if the command line says where a secret key is. */
export function namesKey(flags: KeyFlags): boolean {
  return flags["secret-env"] !== undefined || flags["env-file"] !== undefined;
}

/**
 * Reads the secret keys from the environment or from files. As in `galleta serve`, the environment
 * overrides files, and a later file overrides an earlier one.
 *
 * @throws UsageError that names the missing variable or file, but never contains the value of a key
 */
export function readKeys(
  flags: KeyFlags,
  environ: Readonly<Record<string, string | undefined>>,
): NamedKey[] {
  const files = (flags["env-file"] ?? []).map(readEnvFile).toReversed();
  return (flags["secret-env"] ?? ["SECRET_KEY"]).map((name) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      // Does not repeat the value: the user probably passed the key instead of its name.
      throw new UsageError("--secret-env takes the name of a variable, such as SECRET_KEY.");
    }
    const places = [{ source: "the environment", variables: environ }, ...files];
    const place = places.find(({ variables }) => Object.hasOwn(variables, name));
    const value = place?.variables[name] ?? "";
    if (place !== undefined && value !== "") {
      return { name, source: place.source, secret: new Secret(value) };
    }
    const where = files.length === 0 ? "" : " or the file of --env-file";
    const state = place === undefined ? "is not set" : "is empty";
    throw new UsageError(`${name} ${state}: set it in the environment${where}.`);
  });
}

function readEnvFile(path: string) {
  try {
    const variables = parseEnv(readFileSync(path, "utf8")) as Record<string, string>;
    return { source: path, variables };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
    throw new UsageError(`The file ${path} of --env-file ${why}.`, { cause });
  }
}
