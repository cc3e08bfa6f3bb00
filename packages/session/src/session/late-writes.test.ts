import { expect, it } from "vitest";
import {
  throwCommitted,
  throwEnded,
  throwHandshakeSent,
  throwReplaced,
  throwStreamBegun,
  throwUnattached,
  throwWithoutSession,
} from "./late-writes.ts";

it.each([
  [throwCommitted, "ERR_SESSION_COMMITTED", /change the session earlier/],
  [throwStreamBegun, "ERR_SESSION_COMMITTED", /update\(session/],
  [throwHandshakeSent, "ERR_SESSION_HANDSHAKE_SENT", /update\(session/],
  [throwUnattached, "ERR_SESSION_HANDSHAKE_SENT", /adapter for sockets/],
  [throwWithoutSession, "ERR_SESSION_HANDSHAKE_SENT", /without a session/],
  [throwEnded, "ERR_SESSION_ENDED", /has ended/],
  [throwReplaced, "ERR_SESSION_ENDED", /req\.session/],
])("the error for a late write, %o, has the code %s and says what to do", (fail, code, message) => {
  expect(fail).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});
