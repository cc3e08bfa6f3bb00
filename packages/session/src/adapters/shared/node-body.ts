import { Buffer } from "node:buffer";
import { MAX_FORM_BYTES } from "./body.ts";
import type { NodeRequest } from "./node-facts.ts";

/**
 * Reads a request's body and puts it back, so that whoever comes next reads it as if for the first
 * time.
 *
 * @returns `undefined` where it was read before, is longer than 1 MiB, or breaks off; then nothing
 * is put back beyond what was read
 */
export function peekBody(req: NodeRequest): Promise<Uint8Array | undefined> {
  if (req.readableEnded || req.destroyed || req.readableDidRead) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;

    const settle = (body: Uint8Array | undefined) => {
      req.off("readable", read);
      req.off("error", giveUp);
      req.off("close", giveUp);
      resolve(body);
    };
    const giveUp = () => settle(undefined);
    function read(): void {
      for (;;) {
        const chunk = req.read() as Buffer | null;
        if (chunk === null) break;
        chunks.push(chunk);
        size += chunk.length;
      }
      const isWhole = hasEnded(req);
      if (!isWhole && size <= MAX_FORM_BYTES) return;
      const body = Buffer.concat(chunks);
      // In the same tick: once "end" was emitted, a stream takes nothing back.
      if (size > 0) req.unshift(body);
      settle(isWhole && size <= MAX_FORM_BYTES ? body : undefined);
    }
    req.on("readable", read);
    req.on("error", giveUp);
    req.on("close", giveUp);
  });
}

/** Whether everything has arrived, also while the last of it is still unread. */
function hasEnded(req: NodeRequest): boolean {
  return req.complete || ("stream" in req && req.stream.readableEnded);
}
