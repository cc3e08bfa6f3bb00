import { Buffer } from "node:buffer";
import { MAX_FORM_BYTES } from "./body.ts";
import type { NodeRequest } from "./node-facts.ts";

/**
 * Reads a request's body and puts it back, so that the next reader gets the whole body.
 *
 * @returns `undefined` if the body was already read, is longer than 1 MiB, or is incomplete; the
 *   part that was read is put back
 */
export function peekBody(req: NodeRequest): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;

    const settle = (body?: Buffer) => {
      req.off("readable", read).off("error", giveUp).off("close", giveUp);
      resolve(body);
    };
    const giveUp = () => settle();
    const read = () => {
      for (let chunk: Buffer | null; (chunk = req.read() as Buffer | null) !== null;) {
        chunks.push(chunk);
        size += chunk.length;
      }
      // True if the whole body has arrived, even if its last part is still unread.
      const isWhole = req.complete || ("stream" in req && req.stream.readableEnded);
      const isLong = size > MAX_FORM_BYTES;
      if (!isWhole && !isLong) return;
      const body = Buffer.concat(chunks);
      // Must run in the same tick: `unshift` fails after the stream emitted "end".
      if (size > 0) req.unshift(body);
      settle(isLong ? undefined : body);
    };
    if (req.readableEnded || req.destroyed || req.readableDidRead) resolve(undefined);
    else req.on("readable", read).on("error", giveUp).on("close", giveUp);
  });
}
