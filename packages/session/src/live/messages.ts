import type { Snapshot, UserRecord } from "../session/records.ts";

/** How a ticket fared. */
export interface TicketOutcome {
  readonly ticket: string;
  /** The code of the refusal; none where it was exchanged. */
  readonly code?: string;
}

/** What one process tells the others. */
export type Message =
  | { readonly kind: "changed"; readonly change: SentChange }
  | {
      readonly kind: "renewed";
      readonly from: string;
      readonly until: number;
      readonly change: SentChange;
    }
  | { readonly kind: "ended"; readonly sid: string; readonly until: number }
  | { readonly kind: "user"; readonly fact: UserRecord }
  | ({ readonly kind: "ticket" } & TicketOutcome);

/** A change; where its JSON is large, whoever needs it asks the store. */
export type SentChange = Omit<Snapshot, "json"> & { readonly json?: string };

const LARGE = 16_384;

/** @param sender who ignores what comes back to it */
export function writeMessage(sender: string, message: Message): string {
  return JSON.stringify({ sender, ...message });
}

/** A change without JSON that is too large to be sent to everyone. */
export function toSend(change: Snapshot): SentChange {
  const { sid, rev, json, born, iat, exp } = change;
  const sent = { sid, rev, born, iat, exp };
  return json.length > LARGE ? sent : { ...sent, json };
}

/** Reads a message of another process; `undefined` where it is none, or one of our own. */
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
      const { from, change, until } = value;
      if (!isId(from) || !isChange(change) || !isNumber(until)) return undefined;
      return { kind: "renewed", from, until, change };
    }
    case "ended": {
      const { sid, until } = value;
      return isId(sid) && isNumber(until) ? { kind: "ended", sid, until } : undefined;
    }
    case "user": {
      const { fact } = value;
      return isUserFact(fact) ? { kind: "user", fact } : undefined;
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
  return isText && ["rev", "born", "iat", "exp"].every((name) => isNumber(value[name]));
}

function isUserFact(value: unknown): value is UserRecord {
  if (!isRecord(value) || value["kind"] !== "user" || !isId(value["subject"])) return false;
  return isNumber(value["by"]) && typeof value["keep"] === "string" && isNumber(value["until"]);
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= 64;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
