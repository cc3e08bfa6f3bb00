// The app of the suite, for every framework.
import {
  createSessions,
  describe,
  destroy,
  memoryStore,
  renew,
  SessionError,
  sessionStore,
  update,
} from "@galleta/session";

const secretKey = "a secret key of the frameworks' suite, long enough";

/** The options of the second session, in the variants that have one. */
const prefs = (more = {}) => ({ property: "prefs", secretKey: `${secretKey}, too`, ...more });

/** A store that can be switched off. */
function frailStore() {
  const values = new Map();
  const store = { isDown: false };
  const answer = async (value) => {
    if (store.isDown) throw new Error("the store is down");
    return value;
  };
  store.port = sessionStore({
    get: (key) => answer(values.get(key)),
    set: (key, value) => answer(values.set(key, value)),
    delete: (key) => answer(values.delete(key)),
  });
  return store;
}

const frail = frailStore();

/** The same app with other options, each on its own port. A list is of several sessions. */
export const VARIANTS = {
  plain: () => [{ trustedOrigins: ["https://friend.example"] }],
  strict: () => [{ csrf: "strict" }],
  stored: () => [{ store: memoryStore(), subject: "user" }],
  short: () => [{ maxAge: 3, rolling: false }],
  active: () => [{ store: memoryStore(), maxAge: 20, socketActivity: true }],
  frail: () => [{ store: frail.port }],
  pair: () => [{}, prefs()],
  storedPair: () => [{ store: memoryStore() }, prefs({ store: memoryStore() })],
};

/**
 * Makes the app. Its functions take `of(property)`, which gives a session and opens it by that;
 * without a property it gives the first.
 */
export function makeApp(variant) {
  const all = VARIANTS[variant]().map((each) => createSessions({ secretKey, ...each }));
  const [sessions] = all;
  const codes = [];
  const record = (error) => {
    codes.push(error?.code ?? String(error));
    if (globalThis.process?.env?.SHOW) console.error(error);
  };
  globalThis.process?.on?.("warning", record);
  return { all, sessions, record, http: (url, of) => http({ sessions, codes }, url, of) };
}

/** Wraps a handler in the middlewares of all sessions, the first outermost. */
export const inAll = (all, session, handler) =>
  all.reduceRight((inner, each) => session(each)(inner), handler);

/** Gives the sessions of an object that has them as properties. */
export const ofObject =
  (object) =>
  (property = "session") =>
    object[property];

/** Answers an HTTP request. */
async function http({ sessions, codes }, target, of) {
  const { pathname, searchParams } = new URL(target, "http://here");
  switch (pathname) {
    case "/page":
      return "<!doctype html><title>page</title>";
    case "/codes":
      return JSON.stringify(codes.splice(0));
    case "/store":
      frail.isDown = searchParams.has("down");
      return "switched";
    case "/login":
      renew(of());
      of().user = searchParams.get("user") ?? "ann";
      return "hello";
    case "/set":
      for (const [key, value] of searchParams) of()[key] = value;
      return JSON.stringify({ ...of() });
    case "/read":
      return JSON.stringify({ ...of() });
    case "/prefs":
      for (const [key, value] of searchParams) of("prefs")[key] = value;
      return JSON.stringify({ ...of("prefs") });
    case "/prefs-end":
      destroy(of("prefs"));
      return "gone";
    case "/logout":
      destroy(of());
      return "bye";
    case "/revoke":
      await sessions.revokeAll(searchParams.get("user") ?? "ann");
      return "revoked";
    default:
      return "nothing here";
  }
}

/** The app's code while a handshake can still be answered. */
export function handshake(of, target) {
  const { searchParams } = new URL(target, "http://here");
  if (searchParams.has("set")) of().fromHandshake = searchParams.get("set");
  if (searchParams.has("prefs")) of("prefs").fromHandshake = searchParams.get("prefs");
  if (searchParams.has("big")) of().big = "x".repeat(6000);
  return searchParams.has("refuse") ? Number(searchParams.get("refuse")) : undefined;
}

/**
 * Answers a message on a socket: "read" is for the first session, "prefs read" for the second.
 * @param send sends a further message first
 */
export async function reply(of, text, send) {
  const isSecond = text.startsWith("prefs ");
  const message = isSecond ? text.slice("prefs ".length) : text;
  const change = (draft) => void (draft.updated = true);
  try {
    const session = of(isSecond ? "prefs" : undefined);
    if (message === "write") session.late = true;
    if (message === "until") return String(describe(session).expiresAt.getTime());
    if (message === "update") await update(session, change);
    if (message === "nul") return "\0 is a message";
    if (message.startsWith("\0")) return `got ${JSON.stringify(message)}`;
    if (message === "deliver") {
      await update(session, change, { deliver: (ticket) => send(`ticket ${ticket}`) });
    }
    return JSON.stringify({ ...session });
  } catch (error) {
    return error instanceof SessionError ? error.code : String(error);
  }
}

/** A stream of the app: the present session, again and again. */
export async function* ticks(session) {
  for (;;) {
    yield { ...session };
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** The same as server-sent events. */
export function eventStream(session) {
  const steps = ticks(session);
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value } = await steps.next();
      controller.enqueue(encoder.encode(`data: ${JSON.stringify(value)}\n\n`));
    },
    cancel: () => void steps.return(),
  });
}

export const SSE = { "content-type": "text/event-stream" };

/** Writes server-sent events into a response of Node until it is closed. */
export function writeEvents(session, res) {
  const write = () => res.write(`data: ${JSON.stringify({ ...session })}\n\n`);
  res.writeHead(200, SSE);
  write();
  const timer = setInterval(write, 30);
  res.once("close", () => clearInterval(timer));
}
