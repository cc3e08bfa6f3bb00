/**
 * The parts of the engine that `galleta` and `@galleta/inspect` need: the checks of options, the
 * layout of tokens, and the readers of other frameworks' cookies. These packages are released
 * together and pin each other, so these exports may change in any release. To build an adapter, use
 * `@galleta/session/adapter`.
 *
 * @module
 */
export { MAX_CHUNKS } from "./cookie/chunks.ts";
export { COOKIE_LIMIT, MAX_AGE_LIMIT } from "./cookie/serialize.ts";
export { readCsrfOption } from "./csrf/csrf-options.ts";
export { DENIALS } from "./csrf/denial.ts";
export { fromBase64url } from "./encoding.ts";
export { fromBase62 } from "./formats/base62.ts";
export { fromBase64, utf8 } from "./formats/bounds.ts";
export { readTags } from "./formats/flask-tags.ts";
export { decodeTime } from "./formats/itsdangerous.ts";
export { parseForeignObject } from "./formats/json-read.ts";
export { unpack } from "./formats/packed.ts";
export { splitMessage } from "./formats/rails-message.ts";
export type { Digest } from "./formats/signer.ts";
export { hintFor, nearest } from "./nearest.ts";
export { shortHash } from "./session/hash.ts";
export { parseBody } from "./session/json.ts";
export { isStoredBody } from "./session/records.ts";
export { weaknessOf } from "./session/secret-keys.ts";
export { type AddressRule, readAddressList } from "./site/address.ts";
export { parseAuthority } from "./site/authority.ts";
export { ENCRYPTED, HEADER_BYTES, NEVER, PREVIOUS, SIGNED } from "./token/header.ts";
export { type TokenUse, createKeyRing } from "./token/keys.ts";
export { judgeTimes } from "./token/times.ts";
export { type OpenedToken, type TokenFault, looksLikeToken, openToken } from "./token/token.ts";
export {
  type Check,
  type Rules,
  checkOption,
  checkOptionNames,
  filled,
  integer,
  listOf,
  oneOf,
  readOptions,
  SWITCH,
} from "./validate.ts";
