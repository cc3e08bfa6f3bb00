import type { LiveHub } from "./hub.ts";
import type { Attached } from "./registry.ts";
import { MAX_CONTROL, type LiveHandle } from "./socket.ts";
import { checkReceipt } from "./ticket.ts";

/** What the server of a socket holds on to. */
export class Handle implements LiveHandle {
  readonly #hub: LiveHub;
  readonly #attached: Attached;

  constructor(hub: LiveHub, attached: Attached) {
    this.#hub = hub;
    this.#attached = attached;
  }

  receive(frame: string): void {
    const { id, receipt, code } = readAnswer(frame);
    if (typeof id !== "string") return;
    if (typeof code === "string") this.#hub.tickets.settle({ ticket: id, code }, "page");
    if (typeof receipt !== "string") return;
    const { ring } = this.#attached.context.settings;
    if (checkReceipt(ring, id, receipt)) this.#hub.tickets.settle({ ticket: id }, "page");
  }

  detach(): void {
    this.#hub.registry.remove(this.#attached);
  }
}

function readAnswer(frame: string): Record<string, unknown> {
  if (frame.length > MAX_CONTROL) return {};
  try {
    const value: unknown = JSON.parse(frame);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
