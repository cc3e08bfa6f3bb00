// Buffer for browsers, with the encoding base64url, which the package `buffer` lacks.
import { Buffer } from "buffer/";

const { from } = Buffer;
const { toString, write } = Buffer.prototype;

const toUrl = (text) => text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const fromUrl = (text) => text.replaceAll("-", "+").replaceAll("_", "/");

Buffer.from = (value, encoding, length) =>
  encoding === "base64url" ? from(fromUrl(value), "base64") : from(value, encoding, length);
Buffer.prototype.toString = function (encoding, start, end) {
  if (encoding === "base64url") return toUrl(toString.call(this, "base64", start, end));
  return toString.call(this, encoding, start, end);
};
Buffer.prototype.write = function (text, ...rest) {
  if (rest.at(-1) !== "base64url") return write.call(this, text, ...rest);
  return write.call(this, fromUrl(text), ...rest.slice(0, -1), "base64");
};

export { Buffer };
