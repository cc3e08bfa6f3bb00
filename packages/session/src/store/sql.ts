import { optionError } from "../errors.ts";

const NAME = /^[a-z_][a-z0-9_]{0,62}$/i;

/**
 * Checks the name of a table, which goes into SQL unescaped.
 *
 * @throws SessionError `ERR_SESSION_OPTION`
 */
export function assertTable(table: string): void {
  if (typeof table === "string" && NAME.test(table)) return;
  throw optionError(
    "table must be a plain name: letters, digits and _, starting with a letter or _.",
  );
}

/** One write in this many deletes expired values. */
export const SWEEP_EVERY = 1000;
