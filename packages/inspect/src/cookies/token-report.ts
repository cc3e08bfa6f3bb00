import { Buffer } from "node:buffer";
import type { RejectReason, Secret } from "@galleta/session";
import {
  NEVER,
  type OpenedToken,
  type TokenFault,
  type TokenUse,
  createKeyRing,
  fromBase64url,
  isStoredBody,
  judgeTimes,
  openToken,
  parseBody,
} from "@galleta/session/internals";
import { dateOf, type CookieReport } from "./report.ts";
import { viewToken } from "./token-view.ts";

type Common = Omit<CookieReport, "format" | "status">;

/**
 * The cookie names to try for a value without a name: the default name, and that of hardened
 * sessions.
 */
const USUAL_NAMES = ["session", "__Host-session"];
const BOTH = { signed: true, encrypted: true };
/**
 * No limits on a token's age: the app's options are unknown here, so the times in the token decide.
 */
const UNKNOWN = { maxAge: null, absoluteMaxAge: null };

/** Inspects a Galleta token (format v1). */
export function inspectToken(
  common: Common,
  token: string,
  keys: readonly Secret[],
  now: number,
): CookieReport {
  const view = viewToken(token);
  const format = "galleta";
  if (view === undefined) {
    const reason = fromBase64url(token) === undefined ? "not-canonical" : "length";
    return { ...common, format, status: "rejected", reason };
  }
  const { kind, keyId, fields, born, iat, exp, content } = view;
  const untimely = judgeTimes({ born, iat, exp: exp ?? NEVER }, Math.floor(now / 1000), UNKNOWN);
  const shown = {
    ...common,
    format,
    kind,
    keyId,
    fields,
    createdAt: dateOf(born),
    issuedAt: dateOf(iat),
    expiresAt: exp === null ? null : dateOf(exp),
  } as const;
  const readable = content === undefined ? {} : describeContent(content);
  if (keys.length === 0) {
    const base = { ...shown, ...readable };
    if (untimely === undefined) return { ...base, status: "unverified" };
    return { ...base, status: "rejected", reason: untimely };
  }
  const names = common.name === undefined ? USUAL_NAMES : [common.name];
  const { opened, fault, name, use } = open(token, keys, names);
  if (opened === undefined) {
    return { ...shown, ...readable, status: "rejected", reason: fault ?? "key" };
  }
  const body = describeContent(opened);
  const verified = {
    ...shown,
    ...body,
    name,
    kind: use === "ticket" ? "ticket" : kind,
    dataIsVerified: true,
    keyIndex: opened.keyIndex,
    remarks: [...common.remarks, ...remarkKey(opened), ...remarkUse(use)],
  } as const;
  const reason: RejectReason | undefined =
    untimely ?? (body.data === undefined && !body.isStored ? "payload" : undefined);
  return reason === undefined
    ? { ...verified, status: "valid" }
    : { ...verified, status: "rejected", reason };
}

interface Content {
  readonly sid: string;
  readonly rev: number;
  readonly json: string;
}

type Described = Pick<CookieReport, "id" | "revision" | "data" | "metadata" | "isStored">;

interface Opening {
  readonly opened?: OpenedToken;
  readonly fault?: TokenFault | undefined;
  readonly name?: string;
  readonly use?: TokenUse;
}

function open(token: string, keys: readonly Secret[], names: readonly string[]): Opening {
  const secrets = keys.map((key) => Buffer.from(key.reveal(), "utf8"));
  let fault: TokenFault | undefined;
  for (const name of names) {
    const ring = createKeyRing(secrets, name);
    for (const use of ["session", "ticket"] as const) {
      const opened = openToken(token, ring, BOTH, use);
      if (typeof opened !== "string") return { opened, name, use };
      fault ??= opened;
    }
  }
  return { fault };
}

function describeContent({ sid, rev, json }: Content): Described {
  const own = { id: sid, revision: rev };
  if (isStoredBody(json)) return { ...own, isStored: true };
  const body = isShallow(json) ? parseBody(json) : undefined;
  if (body === undefined) return own;
  const hasMeta = Object.keys(body.meta).length > 0;
  return { ...own, data: body.data, metadata: hasMeta ? body.meta : undefined };
}

/**
 * Data that is nested deeper than this is not shown; no session has such data. A forged cookie may
 * have it, and its text could be gigabytes long, because every level is indented.
 */
const MAX_DEPTH = 80;

function isShallow(json: string): boolean {
  let depth = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"?|[[\]{}]/gs)) {
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    if (depth > MAX_DEPTH) return false;
  }
  return true;
}

function remarkKey({ keyIndex }: OpenedToken): string[] {
  return keyIndex > 0
    ? [
        "An old key verified the cookie. The server will replace the cookie by one that is made with the first key.",
      ]
    : [];
}

function remarkUse(use: TokenUse | undefined): string[] {
  return use === "ticket"
    ? ["It is a ticket, which carries a change from a WebSocket. As a cookie it is rejected."]
    : [];
}
