import {
  csrfToken,
  destroy,
  flash,
  renew,
  SessionError,
  setMaxAge,
  type Sessions,
} from "@galleta/session";

/** A request as the app of the conformance suite gets it, from any framework. */
export interface Call {
  readonly path: string;
  readonly query: URLSearchParams;
  get session(): Record<string, unknown>;
  set session(value: Record<string, unknown> | null);
  /** The second session, in the tests that have two. */
  readonly prefs: Record<string, unknown>;
  /** What the framework gives to a handler. */
  readonly native: object;
  /** The body as the framework gives it to a view. */
  readonly text: () => Promise<string>;
}

/** The sessions that the view `/of` asks for its session. */
export const asked: { sessions?: readonly Sessions[] } = {};

/** Resolved by the test of a late write, once its client has the headers. */
export const headersArrived = { promise: Promise.resolve(), resolve: () => {} };

/** Makes {@link headersArrived} wait again. */
export function expectHeaders(): void {
  headersArrived.promise = new Promise<void>((resolve) => (headersArrived.resolve = resolve));
}

/** The app's answer. A harness turns it into what its framework's users write. */
export interface Answer {
  readonly status?: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | AsyncIterable<string>;
}

const json = (value: unknown): Answer => ({
  headers: [["content-type", "application/json"]],
  body: JSON.stringify(value),
});

/** The app that every adapter serves. A view that throws fails in the framework's own way. */
export function answer(call: Call): Answer | Promise<Answer> {
  const view = VIEWS[call.path];
  return view === undefined ? { status: 404, body: "nothing here" } : view(call);
}

const VIEWS: Record<string, (call: Call) => Answer | Promise<Answer>> = {
  "/untouched": () => ({ body: "untouched" }),
  "/read": ({ session }) => json({ ...session }),
  "/set": ({ session, query }) => {
    for (const [key, value] of query) session[key] = value;
    return json({ ...session });
  },
  "/nested": ({ session }) => {
    const cart = (session["cart"] ??= { items: [] }) as { items: number[] };
    cart.items.push(cart.items.length);
    return json(cart.items);
  },
  "/replace": (call) => {
    call.session = { only: "this" };
    return json({ ...call.session });
  },
  "/prefs": ({ prefs, query }) => {
    for (const [key, value] of query) prefs[key] = value;
    return json({ ...prefs });
  },
  "/both": ({ session, prefs, query }) => {
    for (const [key, value] of query) session[key] = prefs[key] = value;
    return json([{ ...session }, { ...prefs }]);
  },
  "/both-read": ({ session, prefs }) => json([{ ...session }, { ...prefs }]),
  "/prefs-end": ({ prefs }) => {
    destroy(prefs);
    return { body: "gone" };
  },
  "/prefs-huge": ({ session, prefs }) => {
    session["seen"] = true;
    prefs["big"] = "x".repeat(6000);
    return { body: "too large" };
  },
  "/of": ({ native, session, prefs }) => {
    const of = asked.sessions!.map((sessions) => sessions.of(native));
    return json([of[0] === session, of[1] === prefs]);
  },
  "/null": (call) => {
    call.session = null;
    return { body: "gone" };
  },
  "/destroy": ({ session }) => {
    destroy(session);
    return { body: "gone" };
  },
  "/renew": ({ session }) => {
    renew(session);
    return json({ ...session });
  },
  "/token": ({ session }) => ({ body: csrfToken(session) }),
  "/echo": async ({ session, text }) => {
    session["posts"] = Number(session["posts"] ?? 0) + 1;
    return { body: await text() };
  },
  "/own-cookie": ({ session }) => {
    session["seen"] = true;
    return { headers: [["set-cookie", "own=1; Path=/"]], body: "two cookies" };
  },
  "/own-headers": ({ session }) => {
    session["seen"] = true;
    return {
      headers: [
        ["vary", "Accept-Encoding"],
        ["cache-control", "public, max-age=60"],
      ],
      body: "headers",
    };
  },
  "/own-strict": ({ session }) => {
    session["seen"] = true;
    return {
      headers: [
        ["vary", "*"],
        ["cache-control", "no-store, max-age=0"],
      ],
      body: "headers",
    };
  },
  "/not-modified": ({ session }) => {
    session["seen"] = true;
    return { status: 304, headers: [["etag", '"1"']] };
  },
  "/redirect": ({ session }) => {
    session["seen"] = true;
    return { status: 302, headers: [["location", "/read"]] };
  },
  "/throw": ({ session }) => {
    session["beforeError"] = true;
    throw new Error("a view that fails");
  },
  "/throw-later": async ({ session }) => {
    session["beforeError"] = true;
    await Promise.resolve();
    throw new Error("a view that fails later");
  },
  "/huge": ({ session }) => {
    session["big"] = "x".repeat(6000);
    return { body: "too large" };
  },
  "/not-json": ({ session }) => {
    session["fn"] = () => 1;
    return { body: "not JSON" };
  },
  "/throw-huge": ({ session }) => {
    session["big"] = "x".repeat(6000);
    throw new Error("a view that fails after a change that cannot be saved");
  },
  "/throw-not-json": async ({ session }) => {
    session["fn"] = () => 1;
    await Promise.resolve();
    throw new Error("a view that fails after a change that cannot be saved");
  },
  "/stream": ({ session }) => {
    session["seen"] = true;
    return { body: pieces() };
  },
  "/stream-huge": ({ session }) => {
    session["big"] = "x".repeat(6000);
    return { body: pieces() };
  },
  "/login": ({ session }) => {
    renew(session);
    session["in"] = true;
    return json({ ...session });
  },
  "/remember": ({ session, query }) => {
    const seconds = query.get("seconds");
    session["in"] = true;
    setMaxAge(session, seconds === null ? null : Number(seconds));
    return json({ ...session });
  },
  "/class": ({ session }) => {
    session["cart"] = { items: [new Item()] };
    return { body: "an object of a class" };
  },
  "/flash": ({ session }) => {
    flash(session, "notice", "saved");
    return { body: "flashed" };
  },
  "/flashed": ({ session }) => json({ notice: flash(session, "notice") ?? null }),
  "/text": ({ session }) => ({ body: String(session) }),
  "/late": ({ session }) => ({ body: lateWrite(() => session) }),
  "/late-first": (call) => ({ body: lateWrite(() => call.session) }),
};

class Item {
  price = 1;
}

async function* pieces(): AsyncGenerator<string> {
  yield "one ";
  await Promise.resolve();
  yield "two ";
  yield "three";
}

/** Writes after the headers, and reports the result in the body. */
async function* lateWrite(session: () => Record<string, unknown>): AsyncGenerator<string> {
  yield "begun ";
  await headersArrived.promise;
  try {
    session()["late"] = true;
    yield "written";
  } catch (error) {
    yield error instanceof SessionError ? error.code : String(error);
  }
}
