import type { SessionContext, Sessions } from "@galleta/session";
import type { H3Event } from "h3";
import { EventFacts } from "../facts.ts";

/**
 * The session of one socket. It can be changed until the handshake is answered: then its cookies
 * are gone, and so it is read-only.
 */
export class SocketSession {
  readonly facts: EventFacts;
  /** Reads nothing before the view looks into it. */
  readonly context: SessionContext<never>;

  constructor(sessions: Sessions<never>, event: H3Event) {
    this.facts = new EventFacts(event);
    this.context = sessions.open(event.req.headers.get("cookie"), this.facts);
  }

  /** Saves what was changed. Gives the Set-Cookie headers; from here on nothing can be changed. */
  async save(): Promise<readonly string[]> {
    try {
      return (await this.context.commit()).setCookie;
    } finally {
      this.context.handshakeSent();
    }
  }
}
