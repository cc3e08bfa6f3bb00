import { createHash } from "node:crypto";
import type { LogRecord as Fact } from "../session/records.ts";

/** A fact as a line of text. */
export function writeFact(fact: Fact): string {
  switch (fact.kind) {
    case "end":
      return JSON.stringify(["e", fact.sid, fact.until]);
    case "rev":
      return JSON.stringify(["r", fact.sid, fact.rev, fact.until]);
    case "user":
      return JSON.stringify(["u", fact.subject, fact.by, fact.keep, fact.until]);
  }
}

/** Reads a line; `undefined` where it is none of ours. */
export function readFact(text: string): Fact | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts)) return undefined;
  const [kind, id, ...rest] = parts as unknown[];
  if (typeof id !== "string" || id.length > 64) return undefined;
  if (kind === "e" && isNumber(rest[0])) return { kind: "end", sid: id, until: rest[0] };
  if (kind === "r" && isNumber(rest[0]) && isNumber(rest[1])) {
    return { kind: "rev", sid: id, rev: rest[0], until: rest[1] };
  }
  const [by, keep, until] = rest;
  if (kind === "u" && isNumber(by) && typeof keep === "string" && isNumber(until)) {
    return { kind: "user", subject: id, by, keep, until };
  }
  return undefined;
}

/** A user as stores know him: a hash, so that no address or name is spread. */
export function hashSubject(subject: string | number): string {
  return createHash("sha256").update(`subject:${subject}`).digest("base64url").slice(0, 22);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
