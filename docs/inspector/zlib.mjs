// The part of node:zlib that the inspector needs in a browser.
import { Inflate } from "pako";
import { Buffer } from "./buffer.mjs";

export function inflateSync(packed, { maxOutputLength }) {
  const chunks = [];
  let size = 0;
  const inflate = new Inflate();
  inflate.onData = (chunk) => {
    size += chunk.length;
    const code = "ERR_BUFFER_TOO_LARGE";
    if (size > maxOutputLength)
      throw Object.assign(new RangeError("The data is too large."), { code });
    chunks.push(Buffer.from(chunk));
  };
  inflate.push(packed, true);
  if (inflate.err || !inflate.ended) throw new Error("The data is not zlib's.");
  return Buffer.concat(chunks);
}

/** Throws, because the page only reads cookies. */
export function deflateSync() {
  throw new Error("The page does not compress.");
}
