import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { start, visit, commitOf } from "@galleta/test-support/sessions";
import { contextOf } from "./context.ts";
import { copyData, Dictionary, failedView, ownerOf } from "./dictionary.ts";
import { describe as describeSession, renew } from "./functions.ts";

const open = (data: object = {}) => {
  const context = start().sessions.open("");
  Object.assign(context.session, data);
  return context;
};

describe("a session is a dictionary", () => {
  it("whose inherited setters get the session itself", () => {
    const { session } = open({ a: 1 });
    const seen: unknown[] = [];
    const methods = Object.create(null, {
      maxAge: {
        set(this: object, value: unknown) {
          seen.push(contextOf(this).session === session, value);
        },
      },
    }) as object;
    Object.setPrototypeOf(session, methods);
    session["maxAge"] = 60;
    session["b"] = 2;
    expect(seen).toEqual([true, 60]);
    expect({ ...session }).toEqual({ a: 1, b: 2 });
  });

  it("without a prototype", () => {
    const { session } = open({ a: 1 });
    expect(Object.getPrototypeOf(session)).toBeNull();
    for (const key of ["toString", "constructor", "valueOf", "__proto__"]) {
      expect(session[key]).toBeUndefined();
      expect(key in session).toBe(false);
    }
    expect("a" in session).toBe(true);
  });

  it("converts to a text, without a key for it", () => {
    const { session } = open({ a: 1 });
    expect(`${String(session)} ${session as unknown as string}`).toBe(
      "[object Session] [object Session]",
    );
    expect(Reflect.ownKeys(session)).toEqual(["a"]);
  });

  it("that answers hasOwnProperty, without a key for it", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => {
      session["a"] = 1;
      expect(["a", "b", "hasOwnProperty"].map((key) => session.hasOwnProperty(key))).toEqual([
        true,
        false,
        false,
      ]);
      expect(Object.keys(session)).toEqual(["a"]);
    });
    const { cookie: next } = visit(sessions, cookie, (session, context) => {
      session["hasOwnProperty"] = 1;
      session["hasOwnProperty"] = "a key like any other";
      expect(Object.entries(session)[1]).toEqual(["hasOwnProperty", "a key like any other"]);
      context.session = { hasOwnProperty: 1 };
    });
    const context = sessions.open(next);
    expect({ ...context.session }).toEqual({ hasOwnProperty: 1 });
    delete context.session["hasOwnProperty"];
    expect(context.session.hasOwnProperty("a")).toBe(false);
    commitOf(context);
    expect(context.session.hasOwnProperty("a")).toBe(false);
    expect(() => (context.session["hasOwnProperty"] = 1)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }),
    );
  });

  it("whose hidden empty prototype cannot be changed", () => {
    const frozen = Object.freeze(open({ a: 1 }).session);
    const empty: object = Object.getPrototypeOf(frozen);
    expect(Reflect.ownKeys(empty)).toEqual(["hasOwnProperty", Symbol.toPrimitive]);
    expect(Object.isFrozen(empty)).toBe(true);
    expect(Object.getPrototypeOf(empty)).toBeNull();
  });

  it("reports a prototype that it was given", () => {
    const { session } = open({ a: 1 });
    const methods = Object.create(null, { hello: { value: () => "hello" } }) as object;
    Object.setPrototypeOf(session, methods);
    expect(Object.getPrototypeOf(session)).toBe(methods);
    expect(Object.keys(session)).toEqual(["a"]);
  });

  it("accepts any key", () => {
    const { sessions } = start();
    const data = {
      toString: "text",
      hasOwnProperty: true,
      constructor: { name: "x" },
      toJSON: "text",
      length: 3,
      10: "ten",
      2: "two",
      "": "empty",
      "a.b[0]": 1,
      "\ud83c\udf6a": "cookie",
      session: { session: 1 },
    };
    const { cookie } = visit(sessions, "", (session) => void Object.assign(session, data));
    const again = visit(sessions, cookie, (session) => {
      expect({ ...session }).toEqual(data);
      expect(Object.keys(session)).toEqual(Object.keys(data));
    });
    expect(again.commit.setCookie).toEqual([]);
  });

  it("can be listed, spread, counted and shown", () => {
    const { session } = open({ a: 1, b: { c: 2 } });
    expect(Object.entries(session)).toEqual([
      ["a", 1],
      ["b", { c: 2 }],
    ]);
    expect({ ...session }).toEqual({ a: 1, b: { c: 2 } });
    expect(JSON.stringify(session)).toBe('{"a":1,"b":{"c":2}}');
    expect(inspect(session)).toContain("c: 2");
    const keys = [];
    for (const key in session) keys.push(key);
    expect(keys).toEqual(["a", "b"]);
  });

  it("leaves what is assigned to an object that inherits from it to that object", () => {
    const { session } = open({ a: 1 });
    const child = Object.create(session) as Record<string, unknown>;
    child["a"] = 2;
    child["b"] = 3;
    expect({ ...child }).toEqual({ a: 2, b: 3 });
    expect({ ...session }).toEqual({ a: 1 });
  });

  it("throws for an assignment that a frozen object cannot take", () => {
    const session = Object.freeze(open({ a: 1 }).session) as Record<string, unknown>;
    expect(() => (session["a"] = 2)).toThrow(TypeError);
    expect(() => (session["b"] = 2)).toThrow(TypeError);
    expect({ ...session }).toEqual({ a: 1 });
  });

  it("never keeps __proto__", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => {
      session["a"] = { n: 1 };
      session["__proto__"] = { admin: true };
    });
    const again = visit(sessions, cookie, (session, context) => {
      expect(session["admin"]).toBeUndefined();
      expect(Object.keys(session)).toEqual(["a"]);
      context.session = JSON.parse('{"b":1,"__proto__":{"admin":true}}');
      expect(Object.keys(session)).toEqual(["b"]);
      expect(Object.getPrototypeOf(session)).toBeNull();
    });
    visit(sessions, again.cookie, (session) => expect({ ...session }).toEqual({ b: 1 }));
  });
});

describe("requests with the same cookie", () => {
  it.each([{ a: 1 }, { a: 1, b: [{ c: 2 }] }])("share nothing of %j", (data) => {
    const make = start();
    const { cookie } = visit(make.sessions, "", (session) => void Object.assign(session, data));
    // Another instance, which does not know the cookie yet.
    const { sessions } = start();
    for (let time = 0; time < 4; time += 1) {
      const context = sessions.open(cookie);
      expect({ ...context.session }).toEqual(data);
      context.session["a"] = time;
      (context.session["b"] as unknown[] | undefined)?.pop();
      delete context.session["b"];
      context.session["d"] = 1;
    }
  });
});

describe("assigning a session", () => {
  it("replaces the data and keeps the object", () => {
    const context = open({ a: 1, b: 2 });
    const { session } = context;
    context.session = { b: 3, c: undefined };
    expect(context.session).toBe(session);
    expect({ ...session }).toEqual({ b: 3 });
  });
  it("keeps the data when it is assigned to itself or from its own parts", () => {
    const context = open({ a: { b: { c: 1 } } });
    const { session } = context;
    context.session = session;
    expect({ ...context.session }).toEqual({ a: { b: { c: 1 } } });
    context.session = { ...context.session, d: 1 };
    expect({ ...context.session }).toEqual({ a: { b: { c: 1 } }, d: 1 });
    context.session = context.session["a"] as Record<string, unknown>;
    expect({ ...context.session }).toEqual({ b: { c: 1 } });
  });
  it("from another session copies it", () => {
    const [one, two] = [open({ a: 1 }), open({ b: 2 })];
    one.session = two.session;
    two.session["b"] = 3;
    expect({ ...one.session }).toEqual({ b: 2 });
    expect(contextOf(one.session)).toBe(one);
  });
  it("to null ends it, also twice", () => {
    const { sessions, types } = start();
    const { cookie } = visit(sessions, "", (session) => (session["a"] = 1));
    const { commit } = visit(sessions, cookie, (session, context) => {
      context.session = null;
      context.session = null;
      expect({ ...session }).toEqual({});
    });
    expect(commit.setCookie).toHaveLength(1);
    expect(types()).toEqual(["created", "destroyed"]);
  });
  it.each([undefined, 1, "a", true, [], [1], new Map([["a", 1]]), new Date(), () => 1])(
    "to %o throws and changes nothing",
    (value) => {
      const context = open({ a: 1 });
      expect(() => (context.session = value as unknown as Record<string, unknown>)).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_NOT_JSON" }),
      );
      expect({ ...context.session }).toEqual({ a: 1 });
    },
  );
  it("keeps nested objects by reference, like any object", () => {
    const context = open();
    const cart = { items: [1] };
    context.session = { cart };
    cart.items.push(2);
    expect(context.session["cart"]).toBe(cart);
    expect(context.session).toEqual({ cart: { items: [1, 2] } });
  });
});

interface Shape {
  a?: number;
  added?: number;
  deep: { list?: { x: number }[] };
}

it("an inspection that looks into proxies, such as that of Node's REPL, shows the data and no token", () => {
  const { sessions } = start();
  const { cookie } = visit(sessions, "", (session) => (session["a"] = 1));
  const { session } = sessions.open(cookie);
  const shown = inspect(session, { showProxy: true, showHidden: true, depth: 9 });
  expect(shown).toContain("a: 1");
  expect(shown).not.toContain(cookie.slice(cookie.indexOf("=") + 1));
  expect(shown).not.toContain(describeSession(session).id);
});

describe("after the commit", () => {
  it("everything can be read as before", () => {
    const when = new Date(0);
    const context = open({ a: 1, when, list: [{ b: 2 }], frozen: Object.freeze({ c: [3] }) });
    const { session } = context;
    commitOf(context);
    expect((session["when"] as Date).toISOString()).toBe(when.toISOString());
    expect(JSON.stringify(session)).toBe(
      '{"a":1,"when":"1970-01-01T00:00:00.000Z","list":[{"b":2}],"frozen":{"c":[3]}}',
    );
    expect(inspect(session)).toContain("b: 2");
    expect((session["list"] as unknown[]).map((each) => each)).toEqual([{ b: 2 }]);
    expect(session["list"]).toBe(session["list"]);
    expect(Array.isArray(session["list"])).toBe(true);
    expect("a" in session).toBe(true);
  });

  it.each<[string, (session: Shape) => unknown]>([
    ["set", (s) => (s.a = 2)],
    ["add", (s) => (s.added = 1)],
    ["delete", (s) => delete s.a],
    ["define", (s) => Object.defineProperty(s, "a", { value: 2 })],
    ["assign", (s) => Object.assign(s, { a: 2 })],
    ["nested set", (s) => (s.deep.list![0]!.x = 2)],
    ["nested delete", (s) => delete s.deep.list],
    ["push", (s) => s.deep.list?.push({ x: 1 })],
    ["sort", (s) => s.deep.list?.sort()],
    ["through values", (s) => ((Object.values(s)[1] as Shape["deep"]).list = [])],
    ["through a spread", (s) => ({ ...s }).deep.list?.pop()],
    ["through a callback", (s) => s.deep.list?.forEach((each) => (each.x = 2))],
  ])("%s throws, and changes nothing", (_, write) => {
    const context = open({ a: 1, deep: { list: [{ x: 1 }, { x: 0 }] } });
    const { session } = context;
    commitOf(context);
    expect(() => write(session as unknown as Shape)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }),
    );
    expect(session).toEqual({ a: 1, deep: { list: [{ x: 1 }, { x: 0 }] } });
  });

  it.each<[string, PropertyDescriptor]>([
    ["cannot be deleted", { configurable: false, writable: true, enumerable: true }],
    ["cannot be assigned", { configurable: true, writable: false, enumerable: true }],
  ])("what is inside a key that %s cannot be changed either", (_, flags) => {
    const context = open();
    Object.defineProperty(context.session, "deep", { ...flags, value: { a: 1 } });
    commitOf(context);
    const deep = context.session["deep"] as Record<string, number>;
    expect(() => (deep["a"] = 2)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }),
    );
    expect(deep).toEqual({ a: 1 });
  });

  it("null can be read, and an object that the session inherits", () => {
    const context = open({ nothing: null });
    const { session } = context;
    Object.setPrototypeOf(session, Object.create(null, { cookie: { value: { maxAge: 1 } } }));
    commitOf(context);
    expect([session["nothing"], session["cookie"]]).toEqual([null, { maxAge: 1 }]);
  });

  it("what is inside an object without a prototype cannot be changed", () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    const context = open({ bare });
    commitOf(context);
    const found = context.session["bare"] as Record<string, number>;
    expect(() => (found["a"] = 2)).toThrow(/headers have been sent/);
    expect(found["a"]).toBe(1);
  });

  it("a session that contains itself is only a cycle", () => {
    const context = open({ a: 1 });
    const { session } = context;
    session["me"] = session;
    expect(() => context.commit()).toThrow("session.me.me is inside itself");
    expect(session["me"]).toBe(session);
    expect(() => JSON.stringify(session)).toThrow(TypeError);
  });

  it("a session that was not used before can be read, not written", () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => (session["a"] = 1));
    const context = sessions.open(cookie);
    commitOf(context);
    expect({ ...context.session }).toEqual({ a: 1 });
    expect(() => (context.session["a"] = 2)).toThrow(/headers have been sent/);
    expect(() => (context.session = { a: 2 })).toThrow(/headers have been sent/);
    expect(() => (context.session = null)).toThrow(/headers have been sent/);
  });
});

describe("the session of a failed store", () => {
  const fail = () => {
    throw new Error("the store failed");
  };
  const owner = {};
  const make = () => failedView(owner, fail);

  it.each<[string, (session: Record<string, unknown>) => unknown]>([
    ["a read", (s) => s["a"]],
    ["a write", (s) => (s["a"] = 1)],
    ["a deletion", (s) => delete s["a"]],
    ["a test", (s) => "a" in s],
    ["a list of keys", (s) => Object.keys(s)],
    ["a spread", (s) => ({ ...s })],
    ["a definition", (s) => Object.defineProperty(s, "a", { value: 1 })],
    ["a description", (s) => Object.getOwnPropertyDescriptor(s, "a")],
    ["JSON", (s) => JSON.stringify(s)],
  ])("throws for %s", (_, use) => {
    expect(() => use(make())).toThrow("the store failed");
  });

  it("has an owner, and the methods of its prototype", () => {
    const view = make();
    expect(ownerOf(view)).toBe(owner);
    Object.setPrototypeOf(view, { hello: () => "hello" });
    expect((view["hello"] as unknown as () => string)()).toBe("hello");
    expect(() => view["other"]).toThrow("the store failed");
  });
});

describe("a copy of data", () => {
  it("has no key with undefined, and no prototype from the data", () => {
    const data = JSON.parse('{"a":1,"__proto__":{"admin":true}}') as Record<string, never>;
    const copy = copyData(Object.assign(data, { gone: undefined as never }));
    expect(copy).toStrictEqual({ a: 1 });
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });
});

it("no session shows the symbol that finds its owner", () => {
  const fail = () => {
    throw new Error("the store failed");
  };
  const symbol = Symbol.for("galleta.owner");
  expect([symbol in open().session, symbol in failedView({}, fail)]).toEqual([false, false]);
  expect(ownerOf(open().session)).toBeDefined();
});

describe("a retired dictionary", () => {
  it("belongs to another owner, and only its own keys are read-only", () => {
    const [first, second] = [{}, {}];
    const dictionary = new Dictionary({ a: 1, deep: { b: 1 } }, first);
    const view = dictionary.view as Record<string, unknown>;
    expect(ownerOf(view)).toBe(first);
    dictionary.retire(second, () => {
      throw new Error("retired");
    });
    expect(ownerOf(view)).toBe(second);
    for (const write of [
      () => (view["a"] = 2),
      () => (view["c"] = 2),
      () => delete view["a"],
      () => Object.defineProperty(view, "a", { value: 2 }),
    ]) {
      expect(write).toThrow("retired");
    }
    (view["deep"] as Record<string, number>)["b"] = 2;
    expect(view).toEqual({ a: 1, deep: { b: 2 } });
  });
});

describe("the functions accept only the session itself", () => {
  it.each<[string, (session: object) => unknown]>([
    ["a copy", (session) => ({ ...session })],
    ["a part", (session) => (session as { a: object }).a],
    ["a plain object", () => ({})],
    ["an array", () => []],
    ["null", () => null],
    ["undefined", () => undefined],
    ["text", () => "session"],
    ["a number", () => 1],
  ])("not %s", (_, make) => {
    const { session } = open({ a: { b: 1 } });
    const wrong = make(session) as object;
    for (const use of [renew, describeSession, contextOf]) {
      expect(() => use(wrong)).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_NOT_A_SESSION" }),
      );
    }
  });

  it("nor a part of it, once the session is read-only", () => {
    const context = open({ a: { b: 1 } });
    commitOf(context);
    expect(contextOf(context.session)).toBe(context);
    expect(() => contextOf(context.session["a"] as object)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_NOT_A_SESSION" }),
    );
  });

  it("and no key of the data can imitate another session", () => {
    const [one, two] = [open(), open()];
    one.session["other"] = two.session;
    expect(contextOf(one.session)).toBe(one);
    expect(contextOf(one.session["other"] as object)).toBe(two);
    expect(() => commitOf(one)).not.toThrow();
    expect(contextOf(one.session)).toBe(one);
  });
});
