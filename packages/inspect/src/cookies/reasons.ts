import type { RejectReason } from "@galleta/session";

/** The explanation why a cookie was rejected. */
export interface Explanation {
  /** Why the cookie was rejected, as a sentence. */
  readonly what: string;
  /** What to do about the rejection, as a sentence. */
  readonly todo: string;
}

/** The explanation of each reason for which a session's cookie is rejected. */
export const REASONS: Readonly<Record<RejectReason | "revoked", Explanation>> = {
  malformed: {
    what: "It does not look like a cookie of this format.",
    todo: "Copy the whole value, without quotes and line breaks.",
  },
  "not-canonical": {
    what: "It is not exactly the base64 that a server would write: it has a wrong character, wrong padding, or changed last bits.",
    todo: "The cookie was changed, or cut when it was copied. Copy the whole value again, or let the server issue another cookie.",
  },
  length: {
    what: "It is too short or too long to be a token.",
    todo: "Copy the whole value. If the session is in several cookies, copy all of them.",
  },
  version: {
    what: "It is not of a kind that the app accepts: it is signed where the app wants encrypted cookies, or has another version.",
    todo: "While you move from signed to encrypted cookies, or back, set the option accept to both kinds.",
  },
  flags: {
    what: "It has flags that this version of Galleta does not know.",
    todo: "The cookie was changed, or a newer version of Galleta issued it. Update Galleta here.",
  },
  key: {
    what: "It was made with another key.",
    todo: "Use the key of the app that issued the cookie. After a change of keys, keep the old key in the list secretKey until its cookies have expired.",
  },
  mac: {
    what: "Its signature is wrong: it was changed, or made with another key or for a cookie of another name.",
    todo: "Check the key and the cookie's name. If both are right, somebody changed the cookie.",
  },
  decryption: {
    what: "It cannot be decrypted: it was changed, or made with another key.",
    todo: "Check the key. If it is right, somebody changed the cookie.",
  },
  time: {
    what: "Its times contradict each other: it was issued before its session began, or after it expired.",
    todo: "Let the server issue another cookie.",
  },
  expired: {
    what: "It has expired.",
    todo: "Begin a new session. If the session ended too soon, raise maxAge or absoluteMaxAge.",
  },
  future: {
    what: "It was issued in the future.",
    todo: "Synchronize the clocks of your servers: the clock of one is ahead of the others.",
  },
  payload: {
    what: "Its content is not the data of a session.",
    todo: "Check that it is a session cookie, and that the other framework writes JSON.",
  },
  schema: {
    what: "Its data does not match the option schema.",
    todo: "Set the option migrate to convert older data.",
  },
  duplicate: {
    what: "There are two cookies of this name with different values.",
    todo: "Delete both cookies in the browser. One was probably set with another Path or Domain.",
  },
  chunks: {
    what: "Its chunks do not belong together.",
    todo: "Delete all cookies of this session in the browser.",
  },
  "too-large": {
    what: "It is larger than any cookie that browsers send.",
    todo: "Find the program that sends this cookie: a browser would not send it.",
  },
  device: {
    what: "Its session is bound to a device, and the browser did not prove that it runs on that device.",
    todo: "Let the browser refresh its bound cookie. A cookie that was copied to another device stays rejected.",
  },
  revoked: {
    what: "Its session has ended: the user logged out, or the session was revoked.",
    todo: "Log in again.",
  },
};
