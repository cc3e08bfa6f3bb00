import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { CliBench, eventually, SECRET_KEY } from "./support/cli.ts";
import { RedisServer } from "./support/redis.ts";
import { available, command } from "./support/require.ts";

// The built program in separate processes, which share only what the tests give them.

let bench: CliBench;
beforeAll(() => {
  bench = new CliBench();
});
afterEach(() => bench.killAll());
afterAll(() => bench.end());

const app = (head: string, options: string) => `
import { App, configure, destroy, revokeOthers, update } from "galleta";
${head}
const app = new App<Record<string, unknown>>();
configure(app, { SESSIONS: { secretKey: process.env.SECRET_KEY, ${options} } });
app.route("/pid", (req, res) => { res.text = String(process.pid); });
app.route("/session", (req, res) => { res.json = { pid: process.pid, ...req.session }; });
app.route("/set/:key/:value", { methods: ["POST"] }, (req, res) => {
  req.session[req.params.key] = req.params.value;
  res.json = { pid: process.pid };
});
app.route("/logout", { methods: ["POST"] }, (req, res) => {
  destroy(req.session);
  res.json = { pid: process.pid };
});
app.route("/revoke/:user", { methods: ["POST"] }, async (req, res) => {
  await app.sessions.revokeAll(req.params.user);
  res.json = { pid: process.pid };
});
app.route("/elsewhere", { methods: ["POST"] }, async (req, res) => {
  await revokeOthers(req.session);
  res.json = { pid: process.pid };
});
app.websocketRoute("/live", async (ws) => {
  ws.on("session", () => ws.send("changed " + JSON.stringify(ws.session)));
  await ws.send("pid " + process.pid);
  for await (const message of ws) {
    await update(ws.session, (draft) => { draft.message = message; });
    await ws.send("done");
  }
});
export default app;
`;

interface Answer {
  readonly pid?: number;
  readonly [key: string]: unknown;
}

/**
 * Keeps one cookie, and takes a new connection for every request, because the workers take turns.
 */
class Visitor {
  cookie = "";
  readonly #url: string;

  constructor(url: string, cookie = "") {
    this.#url = url;
    this.cookie = cookie;
  }

  copy(url = this.#url): Visitor {
    return new Visitor(url, this.cookie);
  }

  get(path: string): Promise<Answer> {
    return this.#ask("GET", path);
  }

  post(path: string): Promise<Answer> {
    return this.#ask("POST", path);
  }

  async #ask(method: string, path: string): Promise<Answer> {
    const asked = request(this.#url + path, {
      method,
      agent: false,
      headers: this.cookie === "" ? {} : { cookie: this.cookie },
    });
    asked.end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    const [line] = response.headers["set-cookie"] ?? [];
    if (line !== undefined)
      this.cookie = line.includes("Max-Age=0") ? "" : (line.split(";")[0] ?? "");
    return JSON.parse(await text(response)) as Answer;
  }

  async open(): Promise<Feed> {
    const headers = { cookie: this.cookie };
    const socket = new WebSocket(`${this.#url.replace("http", "ws")}/live`, { headers });
    const feed = new Feed(socket);
    await eventually(() => feed.pid !== undefined);
    return feed;
  }

  /** A socket in another process than these. */
  async openBeside(pids: readonly (number | undefined)[]): Promise<Feed> {
    for (;;) {
      const feed = await this.open();
      if (!pids.includes(feed.pid)) return feed;
      feed.socket.close();
    }
  }
}

class Feed {
  readonly socket: WebSocket;
  readonly messages: string[] = [];
  closed: string | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => this.messages.push(String(data)));
    socket.on("close", (code, reason) => (this.closed = `${code} ${String(reason)}`));
    socket.on("error", () => undefined);
  }

  get pid(): number | undefined {
    const [, pid] = /^pid (\d+)$/.exec(this.messages[0] ?? "") ?? [];
    return pid === undefined ? undefined : Number(pid);
  }
}

const ENDED = "1008 session ended";

describe("the workers of galleta serve --workers 2, with the cookie alone", () => {
  const serve = () =>
    bench.serve([bench.file("cookie.ts", app("", "")), "--workers", "2"], { env: { SECRET_KEY } });

  it("send each other changes and ends of sessions", async () => {
    const { url } = await serve();
    const visitor = new Visitor(url);
    await visitor.post("/set/user/ada");
    const one = await visitor.open();
    const two = await visitor.openBeside([one.pid]);
    await visitor.post("/set/n/1");
    const changed = 'changed {"user":"ada","n":"1"}';
    await eventually(() => one.messages.includes(changed) && two.messages.includes(changed));
    const copy = visitor.copy();
    await visitor.post("/logout");
    await eventually(() => one.closed !== undefined && two.closed !== undefined);
    expect([one.closed, two.closed]).toEqual([ENDED, ENDED]);
    // Every worker rejects the copy.
    for (let i = 0; i < 6; i += 1)
      expect(await copy.copy().get("/session")).not.toHaveProperty("user");
  });

  it("keep all sessions when one of them is killed", async () => {
    const run = await serve();
    const visitor = new Visitor(run.url);
    await visitor.post("/set/user/ada");
    const one = await visitor.open();
    const two = await visitor.openBeside([one.pid]);
    process.kill(one.pid!, "SIGKILL");
    await eventually(() => one.closed !== undefined);
    for (let i = 0; i < 10; i += 1)
      expect(await visitor.get("/session")).toMatchObject({ user: "ada" });
    await visitor.post("/set/n/1");
    await eventually(() => two.messages.includes('changed {"user":"ada","n":"1"}'));
    // The replacement also gets the others' messages.
    const three = await visitor.openBeside([two.pid]);
    await visitor.post("/logout");
    await eventually(() => two.closed === ENDED && three.closed === ENDED);
  });
});

describe.runIf(available(command("redis-server", "redis-server")))(
  "two processes with Redis",
  () => {
    let redis: RedisServer;
    beforeAll(async () => {
      redis = await RedisServer.start();
    });
    afterAll(() => redis.close());

    const HEAD = `
import { Redis } from "ioredis";
import { redisBackplane, redisStore } from "@galleta/session/redis";
const client = new Redis(process.env.REDIS_URL!);
client.on("error", () => undefined);
`;
    const OPTIONS = `store: redisStore(client), backplane: redisBackplane(client), subject: "user",
    onStoreError: "allow", storeTimeout: 0.5, onEvent() {}`;

    const serve = (...flags: string[]) =>
      bench.serve([bench.file("redis.ts", app(HEAD, OPTIONS)), ...flags], {
        env: { SECRET_KEY, REDIS_URL: redis.url },
      });

    it("a revocation in one closes the sockets in the other, and its cookie is rejected there", async () => {
      const [a, b] = [await serve(), await serve()];
      const phone = new Visitor(a.url);
      await phone.post("/set/user/ada");
      const laptop = new Visitor(b.url);
      await laptop.post("/set/user/ada");
      const bob = new Visitor(b.url);
      await bob.post("/set/user/bob");
      const feeds = [await phone.copy(b.url).open(), await laptop.open(), await bob.open()];
      await phone.post("/elsewhere");
      await eventually(() => feeds[1]!.closed === ENDED);
      expect(await laptop.copy(a.url).get("/session")).not.toHaveProperty("user");
      expect(feeds[0]!.closed).toBeUndefined();
      await laptop.post("/revoke/ada");
      await eventually(() => feeds[0]!.closed === ENDED);
      expect(feeds[2]!.closed).toBeUndefined();
      expect(await bob.get("/session")).toMatchObject({ user: "bob" });
    });

    it("a socket's change is immediately in the store, and in the requests of the other process", async () => {
      const [a, b] = [await serve(), await serve()];
      const visitor = new Visitor(a.url);
      await visitor.post("/set/user/ada");
      const feed = await visitor.open();
      feed.socket.send("hello");
      await eventually(() => feed.messages.includes("done"));
      await eventually(
        async () => (await visitor.copy(b.url).get("/session"))["message"] === "hello",
      );
    });

    it("a killed worker loses nothing; a killed Redis stops no process", async () => {
      const run = await serve("--workers", "2");
      const visitor = new Visitor(run.url);
      await visitor.post("/set/user/ada");
      const one = await visitor.open();
      const two = await visitor.openBeside([one.pid]);
      one.socket.send("from the one");
      await eventually(() => one.messages.includes("done"));
      process.kill(one.pid!, "SIGKILL");
      await eventually(() => one.closed !== undefined);
      // The change was in the store before the worker reported it.
      await eventually(
        async () => (await visitor.copy().get("/session"))["message"] === "from the one",
      );
      const copy = visitor.copy();
      await redis.kill();
      for (let i = 0; i < 20; i += 1)
        expect(await visitor.get("/session")).toMatchObject({ user: "ada" });
      await visitor.post("/logout");
      await redis.start();
      // A process that knows of the logout writes it to Redis, where all others learn it.
      await eventually(() => two.closed === ENDED);
      await eventually(async () => {
        const answers = await Promise.all(
          Array.from({ length: 6 }, () => copy.copy().get("/session")),
        );
        return answers.every((answer) => answer["user"] === undefined);
      });
    });
  },
);
