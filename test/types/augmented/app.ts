// An app that declares its data. The declaration holds for the whole program, so this is a separate
// one.
import {
  createSessions,
  describe,
  renew,
  type SessionData,
  type SessionOf,
} from "@galleta/session";
import type { SessionContext } from "@galleta/session/adapter";
import { same, type Equal } from "../equal.ts";

declare module "@galleta/session" {
  interface SessionData {
    userId: string;
    cart: { items: string[] };
  }
}

same<Equal<keyof SessionData, "userId" | "cart">>();
same<Equal<SessionOf, Partial<SessionData>>>();

const { session } = createSessions({ secretKey: "" }).open("");
same<Equal<typeof session, Partial<SessionData>>>();
same<Equal<typeof session.userId, string | undefined>>();
session.userId = "alice";
session.cart?.items.push("a");
renew(session);
const { expiresAt } = describe(session);
same<Equal<typeof expiresAt, Date | null>>();
// @ts-expect-error -- not a number
session.userId = 1;
// @ts-expect-error -- not declared
session.user = "alice";
// @ts-expect-error -- it may be missing
session.cart.items.push("b");

const context: SessionContext = createSessions({ secretKey: "" }).open("");
context.session = { userId: "bob" };
// @ts-expect-error -- not declared
context.session = { user: "bob" };

// One app's own declaration wins over the common one.
const own = createSessions<{ n: number }>({ secretKey: "" }).open("").session;
same<Equal<typeof own, Partial<{ n: number }>>>();
