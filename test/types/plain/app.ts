// oxlint-disable typescript/no-explicit-any
// An app that declares nothing: any key may hold anything.
import {
  createSessions,
  flash,
  type SessionData,
  type SessionOf,
  type SessionOptions,
  type Sessions,
} from "@galleta/session";
import { same, type Equal } from "../equal.ts";

same<Equal<keyof SessionData, never>>();
same<Equal<SessionOf, Record<string, any>>>();

const sessions = createSessions({ secretKey: "" });
same<Equal<typeof sessions, Sessions<SessionData>>>();
const context = sessions.open(null);
same<Equal<typeof context.session, Record<string, any>>>();
context.session["anything"] = Symbol.iterator;
context.session = { anything: 1 };
context.session = null;
context.session["visits"] = (context.session["visits"] ?? 0) + 1;
// @ts-expect-error -- a session is an object or null
context.session = "text";

// One app's data, for it alone.
interface Cart {
  items: string[];
  coupon?: string;
}
const shop = createSessions<Cart>({ secretKey: ["new", "old"] });
const { session } = shop.open("");
same<Equal<typeof session, Partial<Cart>>>();
same<Equal<typeof session.items, string[] | undefined>>();
session.items = ["a"];
delete session.items;
shop.open("").session = { coupon: "x" };
// @ts-expect-error -- not a number
session.items = 1;
// @ts-expect-error -- not declared
session.other = 1;
// @ts-expect-error -- not declared
shop.open("").session = { other: 1 };

// @ts-expect-error -- there is no session without a key
createSessions({});
// @ts-expect-error -- misspelt
createSessions({ secretKey: "", sessioncookie: "a" });
// @ts-expect-error -- lower case
createSessions({ secretKey: "", sameSite: "Lax" });
// @ts-expect-error -- a message is JSON
flash(session, "k", () => 1);

const options: SessionOptions = {
  secretKey: "",
  maxAge: null,
  domain: undefined,
  accept: ["signed", "encrypted"],
  migrate: (data) => ({ ...data, version: 2 }),
  onEvent: ({ type, reason }) => {
    const why: string | undefined = type === "rejected" ? reason : undefined;
    void why;
  },
};
createSessions(options);
