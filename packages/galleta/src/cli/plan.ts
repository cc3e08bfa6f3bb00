import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { parseEnv } from "node:util";
import { CliError, codeOf } from "./failure.ts";
import { parseTarget, type AppTarget } from "./target.ts";
import { wholeNumber } from "./number.ts";

/** The options and the argument of `galleta serve`. Child processes get them as JSON. */
export interface ServeFlags {
  /** The file of the app and the name of its export, as `<file>[:export]`. */
  readonly target: string;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly envFiles: readonly string[];
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** How many seconds requests in flight may still take when the server must stop. */
  readonly grace: number;
}

/** The checked arguments of `galleta serve`: the app, and the address to listen on. */
export interface ServePlan {
  readonly target: AppTarget;
  readonly hostname: string;
  readonly port: number;
  /** The certificate and key as PEM texts. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

/**
 * Checks the options of `galleta serve`, and loads the environment files into `process.env`.
 *
 * @throws CliError if an option is wrong, or a file is missing or cannot be used
 */
export function makePlan(flags: ServeFlags): ServePlan {
  const target = parseTarget(flags.target);
  applyEnvFiles(flags.envFiles);
  // Some shells can only empty a variable for one command, not unset it. So an empty HOST counts as
  // missing.
  const hostname = flags.host ?? (process.env["HOST"] || "127.0.0.1");
  const source = flags.port === undefined ? "The environment variable PORT" : "--port";
  const port = wholeNumber(flags.port ?? (process.env["PORT"] || "8000"), 0, 65_535);
  if (port === undefined) throw new CliError(`${source} must be a number from 0 to 65535.`);
  return { target, hostname, port, tls: readTls(flags.tlsCert, flags.tlsKey) };
}

/**
 * Returns the options for a process that replaces the one that listens at `url`. With `--port 0`,
 * the new process gets the same port, so that the printed URL stays valid.
 */
export function withPortOf(flags: ServeFlags, url: string): ServeFlags {
  return flags.port === "0" ? { ...flags, port: new URL(url).port } : flags;
}

/**
 * Loads environment files into `process.env`. A later file overrides an earlier one. Variables that
 * already exist override all files.
 */
function applyEnvFiles(paths: readonly string[]): void {
  const variables = new Map<string, string>();
  for (const path of paths) {
    const found = parseEnv(readText(path, "--env-file")) as Record<string, string>;
    for (const [name, value] of Object.entries(found)) variables.set(name, value);
  }
  for (const [name, value] of variables) process.env[name] ??= value;
}

function readTls(certPath: string | undefined, keyPath: string | undefined): ServePlan["tls"] {
  if (certPath === undefined && keyPath === undefined) return undefined;
  if (certPath === undefined || keyPath === undefined) {
    throw new CliError("--tls-cert and --tls-key go together: pass both or neither.");
  }
  const cert = readText(certPath, "--tls-cert");
  const key = readText(keyPath, "--tls-key");
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(key)) {
    throw new CliError(
      `The key ${keyPath} has a passphrase. Remove it: openssl pkey -in ${keyPath}`,
    );
  }
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const why =
      codeOf(cause) === "ERR_OSSL_X509_KEY_VALUES_MISMATCH" ? "do not match" : "are not PEM";
    throw new CliError(`The certificate ${certPath} and the key ${keyPath} ${why}.`, { cause });
  }
  return { cert, key };
}

function readText(path: string, option: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const why = codeOf(cause) === "ENOENT" ? "does not exist" : `cannot be read (${codeOf(cause)})`;
    throw new CliError(`The file ${path} of ${option} ${why}.`, { cause });
  }
}
