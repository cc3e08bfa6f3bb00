import type { Snapshot } from "../session/records.ts";

/** The result of exchanging a ticket for a session cookie. */
export interface TicketOutcome {
  readonly ticket: string;
  /** The code of the error; missing if the exchange succeeded. */
  readonly code?: string;
}

/** A message from one process to the others about a session, a user or a ticket. */
export type Message =
  | { readonly kind: "changed"; readonly change: SentChange }
  | {
      readonly kind: "renewed";
      readonly from: string;
      readonly change: SentChange;
    }
  | { readonly kind: "ended"; readonly sid: string }
  /** The sessions of a user were revoked. */
  | { readonly kind: "user"; readonly user: string }
  | ({ readonly kind: "ticket" } & TicketOutcome);

/**
 * A change of a session as other processes get it. With a store it contains no data: the receiver
 * reads the data from the store.
 */
export type SentChange = Omit<Snapshot, "json"> & { readonly json?: string };

/**
 * Writes the text of a message to other processes.
 * @param sender the name of the sending process, which ignores its own messages
 */
export function writeMessage(sender: string, message: Message): string {
  return JSON.stringify({ sender, ...message });
}

/**
 * Returns the part of a change that other processes get.
 * @param hasStore true if the receiver can read the data from a store
 */
export function toSend(change: Snapshot, hasStore: boolean): SentChange {
  const { sid, rev, json, born, iat, exp } = change;
  const sent = { sid, rev, born, iat, exp };
  return hasStore ? sent : { ...sent, json };
}

/**
 * Reads a message of another process. Returns `undefined` if it is malformed, or if this process
 * sent it.
 */
export function readMessage(text: string, own: string): Message | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value["sender"] === own) return undefined;
  switch (value["kind"]) {
    case "changed":
      return isChange(value["change"]) ? { kind: "changed", change: value["change"] } : undefined;
    case "renewed": {
      const { from, change } = value;
      return isId(from) && isChange(change) ? { kind: "renewed", from, change } : undefined;
    }
    case "ended": {
      const { sid } = value;
      return isId(sid) ? { kind: "ended", sid } : undefined;
    }
    case "user": {
      const { user } = value;
      return isId(user) ? { kind: "user", user } : undefined;
    }
    case "ticket": {
      const { ticket, code } = value;
      if (!isId(ticket) || (code !== undefined && typeof code !== "string")) return undefined;
      return { kind: "ticket", ticket, ...(code === undefined ? {} : { code }) };
    }
    default:
      return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isChange(value: unknown): value is SentChange {
  if (!isRecord(value) || !isId(value["sid"])) return false;
  const isText = value["json"] === undefined || typeof value["json"] === "string";
  return isText && ["rev", "born", "iat", "exp"].every((name) => isCount(value[name]));
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= 64;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
