import type { StandardSchema } from "@galleta/session";
import { assertBodySize, readBody, readValidatedBody, type H3Event } from "h3";
import { HTTPError } from "./http-error.ts";

/**
 * Rejects a body of more than `limit` bytes with 413, immediately or while it is read. The server
 * enforces a Content-Length, so a body with a Content-Length within the limit is not counted. Other
 * bodies are counted while they are read.
 */
export function limitBody(event: H3Event, limit: number): void {
  const { headers, runtime } = event.req;
  const length = headers.get("content-length");
  const isHeld = runtime?.node !== undefined && !headers.has("transfer-encoding");
  if (isHeld && length !== null && Number(length) <= limit) return;
  assertBodySize(event, limit);
}

/** Parses the body as JSON, and validates it with the schema, if any. */
export async function parseJson<Output>(
  event: H3Event,
  schema?: StandardSchema<Output>,
): Promise<unknown> {
  if (schema) return readValidatedBody(event, schema, { type: "json" });
  const value = await readBody<unknown>(event, { type: "json" });
  if (value === undefined) throw new HTTPError(400, { detail: "The body is empty." });
  return value;
}

/** Parses the body of a form with this Content-Type. */
export async function parseForm(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<FormData> {
  try {
    return await new Response(bytes, { headers: { "content-type": type } }).formData();
  } catch (cause) {
    throw new HTTPError(400, { detail: "The body is not a form.", cause });
  }
}
