// Bun's documented pattern under attack: handshakes of this site and of others, with handlers that
// return undefined after server.upgrade(). It prints the answers. The test is that the process
// survives to print them.
import { update } from "@galleta/session";
import { session } from "@galleta/session/fetch";
import { ask, shake } from "./wire.mjs";

const HANDSHAKES = 1000;
const late = {};

const look = {
  "/untouched": () => {},
  "/read": (context) => void Object.keys(context.session),
  "/write": (context) => void (context.session.name = "ana"),
};

const withSession = session({ secretKey: "a secret key of the runtimes' suite, long enough" });

/** The example of Bun's manual, with a session. */
const upgrade = (request, context, server) => {
  look[new URL(request.url).pathname]?.(context);
  if (server.upgrade(request, { data: { of: context } })) return undefined;
  return new Response("up");
};
const sync = withSession(upgrade);
const async = withSession(async (request, context, server) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return upgrade(request, context, server);
});

const server = globalThis.Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, of) => (request.url.includes("?async") ? async : sync)(request, of),
  websocket: {
    async open(ws) {
      // Bun calls this inside server.upgrade(), before the handler returns.
      await new Promise((resolve) => setTimeout(resolve, 1));
      const { session: of } = ws.data.of;
      await note("write", () => void (of.late = true));
      await note("update", () => update(of, (draft) => void (draft.late = true)));
    },
    message() {},
  },
});

async function note(what, change) {
  try {
    await change();
    late[what] = "lost";
  } catch (error) {
    late[what] ??= error.code;
  }
}

const own = `Origin: http://127.0.0.1:${server.port}`;
const foreign = "Origin: https://evil.example";
const outcomes = {};
const paths = Object.keys(look).flatMap((path) => [path, `${path}?async`]);

async function attack(from) {
  for (let count = from; count < HANDSHAKES; count += 20) {
    const isOwn = count % 2 === 0;
    const path = paths[Math.floor(count / 2) % paths.length];
    const head = await shake(server.port, path, [isOwn ? own : foreign]);
    const key = `${isOwn ? "own" : "foreign"} ${head.split(" ")[1]}`;
    outcomes[key] = (outcomes[key] ?? 0) + 1;
    if (!/set-cookie/i.test(head)) continue;
    const whose = isOwn ? "own cookie" : "foreign cookie";
    outcomes[whose] = (outcomes[whose] ?? 0) + 1;
  }
}

await Promise.all(Array.from({ length: 20 }, (_, from) => attack(from)));
const { body } = await ask(server.port, "/untouched");
console.log(JSON.stringify({ outcomes, late, body }));
process.exit();
