// An app that declares its data. This holds for the whole program, so it is one of its own.
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

// What one app says for itself comes before what all apps say.
const own = createSessions<{ n: number }>({ secretKey: "" }).open("").session;
same<Equal<typeof own, Partial<{ n: number }>>>();
