import { MAX_FORM_BYTES } from "./body.ts";

/**
 * Reads a copy of a request's body, so that the handler can still read it.
 *
 * @returns `undefined` if the body was read before, is longer than 1 MiB, or is incomplete
 * @example
 * ```ts
 * const bytes = await peekFetchBody(request);
 * ```
 */
export async function peekFetchBody(request: Request): Promise<Uint8Array | undefined> {
  const body = bodyOf(request);
  if (body == null) return undefined;
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joined(chunks, size);
      size += value.length;
      if (size > MAX_FORM_BYTES) break;
      chunks.push(value);
    }
  } catch {
    return undefined; // The client closed the connection.
  }
  void reader.cancel().catch(() => {});
  return undefined;
}

/**
 * Returns a copy of a request's body. A TRACE request has no body and cannot be copied (Fetch
 * §2.2.1).
 */
function bodyOf(request: Request): Request["body"] {
  return request.bodyUsed || request.method === "TRACE" ? null : request.clone().body;
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
