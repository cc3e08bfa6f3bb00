import type { StandardSchema } from "@galleta/session";
import { assertBodySize, readBody, readValidatedBody, type H3Event } from "h3";
import { HTTPError } from "./http-error.ts";

/**
 * Makes the request fail with 413 if its body has more than `limit` bytes. A larger Content-Length
 * fails immediately. Node enforces a Content-Length itself, so a body with a smaller one is not
 * counted; other bodies are counted while they are read.
 */
export function limitBody(event: H3Event, limit: number): void {
  const { headers, runtime } = event.req;
  const length = headers.get("content-length");
  const isHeld = runtime?.node !== undefined && !headers.has("transfer-encoding");
  if (isHeld && length !== null && Number(length) <= limit) return;
  assertBodySize(event, limit);
}

/** Parses the body of a request as JSON. If there is a schema, it validates the value. */
export async function parseJson<Output>(
  event: H3Event,
  schema?: StandardSchema<Output>,
): Promise<unknown> {
  if (schema) return readValidatedBody(event, schema, { type: "json" });
  const value = await readBody<unknown>(event, { type: "json" });
  if (value === undefined) throw new HTTPError(400, { detail: "The body is empty." });
  return value;
}

/** Parses the body of a form. `type` is the Content-Type of the request. */
export async function parseForm(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<FormData> {
  try {
    return await new Response(bytes, { headers: { "content-type": type } }).formData();
  } catch (cause) {
    throw new HTTPError(400, { detail: "The body is not a form.", cause });
  }
}
