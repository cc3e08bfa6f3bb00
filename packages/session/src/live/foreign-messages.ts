import { shortHash } from "../session/hash.ts";

/**
 * A message to other processes that a session, or all sessions of a user, ended. It contains hashes
 * of their ids, because an id may be a credential.
 */
export type ForeignMessage =
  | { readonly kind: "end"; readonly name: string }
  | { readonly kind: "user"; readonly name: string; readonly keep: string | undefined };

/**
 * Returns a hash of the id of a session ("s") or user ("u"). Other processes get the hash, not the
 * id, because an id may be a credential.
 */
export function nameIn(kind: "s" | "u", id: string | number): string {
  return `${kind}:${shortHash(`${kind}:${id}`)}`;
}

/** Reads a message of another process; `undefined` if it is malformed. */
export function readForeignMessage(
  text: string,
): (ForeignMessage & { readonly sender: unknown }) | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    const { kind, name, keep, sender } = value ?? {};
    if (typeof name !== "string" || name.length > 64) return undefined;
    if (kind === "end") return { kind, name, sender };
    const isKept = keep === undefined || typeof keep === "string";
    return kind === "user" && isKept ? { kind, name, keep, sender } : undefined;
  } catch {
    return undefined;
  }
}
