// The types of errors, events, schemas and updates.
import {
  createSessions,
  SessionError,
  update,
  type SessionErrorCode,
  type SessionEvent,
  type Sessions,
} from "@galleta/session";
import * as z from "zod";
import { same, type Equal } from "../equal.ts";

try {
  createSessions({ secretKey: "" });
} catch (error) {
  if (error instanceof SessionError) {
    same<Equal<typeof error, SessionError>>();
    same<Equal<typeof error.code, SessionErrorCode>>();
    // @ts-expect-error -- there is no such code
    if (error.code === "ERR_SESSION_NONE") throw error;
  }
}

createSessions({
  secretKey: "",
  onEvent(event) {
    same<Equal<typeof event, SessionEvent>>();
    if (event.type === "conflict") same<Equal<typeof event.keys, readonly string[]>>();
    if (event.type === "oversize") same<Equal<typeof event.size, number>>();
    if (event.type === "rotated") same<Equal<typeof event.keyIndex, number>>();
    if (event.type === "created") same<Equal<typeof event.reason, undefined>>();
    // @ts-expect-error -- there is no such reason
    if (event.type === "rejected") same<Equal<typeof event.reason, "mood">>();
  },
});

// A schema types the session, and may not contradict the app's declaration.
const schema = z.object({ visits: z.number(), name: z.string() });
const typed = createSessions({ secretKey: "", schema });
same<Equal<typeof typed, Sessions<{ visits: number; name: string }>>>();
const { session } = typed.open("");
same<Equal<typeof session.visits, number | undefined>>();
createSessions<{ visits: number }>({ secretKey: "", schema });
// @ts-expect-error -- visits is a number
createSessions<{ visits: string }>({ secretKey: "", schema });
// @ts-expect-error -- what the schema makes has no key `cart`
createSessions<{ cart: string[] }>({ secretKey: "", schema });

void update(session, (draft) => {
  same<Equal<typeof draft, typeof session>>();
  draft.visits = 1;
});
void update(session, (draft) => (draft.visits = 1));
void update(session, (draft) => delete draft.name);
// @ts-expect-error -- what comes after an await would be lost
void update(session, async (draft) => {
  draft.visits = 1;
});
// @ts-expect-error -- the same
void update(session, (draft) => Promise.resolve(draft));
