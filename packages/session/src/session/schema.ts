import { optionError } from "../errors.ts";
import type { JsonObject } from "./format.ts";
import { isObject } from "./json.ts";

/** The part of the Standard Schema interface (version 1) that Galleta uses. */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: ReadonlyArray<{ readonly message: string }> };

/**
 * Validates session data with the app's schema.
 *
 * @returns the validated data, or `undefined` if the data does not match the schema
 * @throws SessionError `ERR_SESSION_OPTION` if the schema returns a promise: a session is read
 *   synchronously
 */
export function validateData(schema: StandardSchema, data: JsonObject): JsonObject | undefined {
  const result = schema["~standard"].validate(data);
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw optionError("schema validates asynchronously. Use a synchronous schema.");
  }
  return result.issues === undefined && isObject(result.value) ? result.value : undefined;
}
