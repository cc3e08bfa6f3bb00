import { createServer, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import type { CommitHeaders } from "../../packages/session/src/cookie/headers.ts";
import { hookResponse } from "../../packages/session/src/adapters/kit/node-response.ts";
import type { Running } from "./harness.ts";
import { listen } from "./harnesses/listen.ts";
import { ask } from "./wire.ts";

const COMMIT: CommitHeaders = { accessed: true, setCookie: ["session=1; Path=/"] };
const READ: CommitHeaders = { accessed: true, setCookie: [] };

let running: Running | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** Serves one response, and commits its session as the test says. */
async function respond(
  commit: () => CommitHeaders | Promise<CommitHeaders>,
  write: (res: ServerResponse) => void,
  fail: (res: ServerResponse, error: unknown) => void = (res) => res.writeHead(500).end("failed"),
) {
  running = await listen(
    createServer((_req, res) => {
      hookResponse(res, commit, (error) => fail(res, error));
      write(res);
    }),
  );
  return ask(running.origin, "/");
}

const soon = (commit: CommitHeaders = COMMIT) =>
  new Promise<CommitHeaders>((resolve) => setImmediate(() => resolve(commit)));

describe.each([
  ["at once", () => COMMIT],
  ["later, as with a store", () => soon()],
])("a synchronous commit %s", (_when, commit) => {
  const own = ["own=1", "other=2"];
  it.each<[string, (res: ServerResponse) => void]>([
    ["end", (res) => res.setHeader("Set-Cookie", own).setHeader("Vary", "Accept").end("body")],
    [
      "write and end",
      (res) => {
        res.setHeader("Set-Cookie", own).setHeader("Vary", "Accept");
        res.write("bo");
        res.end("dy");
      },
    ],
    [
      "writeHead with an object",
      (res) => res.writeHead(200, { "Set-Cookie": own, vary: "Accept" }).end("body"),
    ],
    [
      "writeHead with a reason and an object",
      (res) => res.writeHead(200, "Fine", { "set-cookie": own, Vary: "Accept" }).end("body"),
    ],
    [
      "writeHead with a flat list",
      (res) =>
        res
          .writeHead(200, ["Set-Cookie", own[0]!, "Set-Cookie", own[1]!, "Vary", "Accept"])
          .end("body"),
    ],
    [
      "writeHead with a list of pairs",
      (res) =>
        res
          .writeHead(200, [
            ["Set-Cookie", own],
            ["Vary", "Accept"],
          ] as never)
          .end("body"),
    ],
    [
      "writeHead over headers set before",
      (res) => {
        res.setHeader("Set-Cookie", "lost=1").setHeader("Vary", "Accept");
        res.writeHead(200, { "set-cookie": own }).end("body");
      },
    ],
    [
      "flushHeaders",
      (res) => {
        res.setHeader("Set-Cookie", own).setHeader("Vary", "Accept");
        res.flushHeaders();
        res.end("body");
      },
    ],
    [
      "a stream",
      (res) => {
        res.setHeader("Set-Cookie", own).setHeader("Vary", "Accept");
        Readable.from(["b", "o", "d", "y"]).pipe(res);
      },
    ],
  ])("%s: exactly once, beside the app's own", async (_how, write) => {
    const { status, setCookie, headers, body } = await respond(commit, write);
    expect({ status, setCookie, body }).toEqual({
      status: 200,
      setCookie: [...own, "session=1; Path=/"],
      body: "body",
    });
    expect(headers.vary).toBe("Accept, Cookie");
    expect(headers["cache-control"]).toBe("private, no-store");
  });

  it("works with middleware that hooked the response before, and after", async () => {
    const seen: string[] = [];
    /** Does the same as compression and on-headers. */
    const wrap = (res: ServerResponse, name: string) => {
      const { writeHead, end } = res;
      res.writeHead = function (this: ServerResponse, ...args: never[]) {
        seen.push(`${name} writeHead`);
        this.setHeader("x-wrapped", [...[this.getHeader("x-wrapped") ?? []].flat(), name].join());
        return writeHead.apply(this, args as never);
      } as never;
      res.end = function (this: ServerResponse, chunk: unknown, ...args: never[]) {
        seen.push(`${name} end`);
        return end.apply(this, [`${String(chunk)} ${name}`, ...args] as never);
      } as never;
    };
    running = await listen(
      createServer((_req, res) => {
        wrap(res, "before");
        hookResponse(res, commit, () => res.destroy());
        wrap(res, "after");
        res.end("body");
      }),
    );
    const { setCookie, headers, body } = await ask(running.origin, "/");
    expect({ setCookie, body }).toEqual({
      setCookie: ["session=1; Path=/"],
      body: "body after before",
    });
    expect(headers["x-wrapped"]).toBe("after,before");
    expect(seen).toEqual(["after end", "before end", "after writeHead", "before writeHead"]);
  });

  it.each([COMMIT, READ])(
    "keeps the Vary that a middleware adds in its writeHead",
    async (owed) => {
      running = await listen(
        createServer((_req, res) => {
          const { writeHead } = res;
          res.writeHead = function (this: ServerResponse, ...args: never[]) {
            const before = this.getHeader("vary");
            this.setHeader(
              "Vary",
              [...(before === undefined ? [] : [before]), "Accept-Encoding"].join(", "),
            );
            return writeHead.apply(this, args as never);
          } as never;
          const later = commit() instanceof Promise;
          hookResponse(
            res,
            () => (later ? soon(owed) : owed),
            () => res.destroy(),
          );
          res.writeHead(200, { "x-own": "1" }).end("body");
        }),
      );
      const { headers } = await ask(running.origin, "/");
      expect(headers.vary).toBe("Cookie, Accept-Encoding");
      expect(headers["x-own"]).toBe("1");
    },
  );

  it("the later of two spellings of a name in writeHead counts, as in Node", async () => {
    const { headers, body } = await respond(commit, (res) => {
      res.setHeader("x-before", "1");
      // Headers from a proxy, and better values.
      res.writeHead(200, { "content-length": "9", "Content-Length": "4" }).end("body");
    });
    expect({ length: headers["content-length"], body }).toEqual({ length: "4", body: "body" });
  });

  it.each<[string, unknown[], string]>([
    ["an object", [{ "x-own": "1" }], "Cookie"],
    ["a reason and an object", ["Fine", { "x-own": "1" }], "Cookie"],
    ["no headers", [], "Cookie"],
    ["a Vary of its own", [{ "x-own": "1", vary: "Accept" }], "Accept, Cookie"],
    ["a Vary that has it", [{ Vary: "cookie" }], "cookie"],
    ["a list", [["x-own", "1", "Vary", "Accept"]], "Accept, Cookie"],
  ])("a session that was read adds to Vary, with %s in writeHead", async (_what, args, vary) => {
    const copy = structuredClone(args);
    const { headers, setCookie } = await respond(
      () => {
        const owed = commit();
        return owed instanceof Promise ? owed.then(() => READ) : READ;
      },
      (res) => (res.writeHead as (...all: unknown[]) => ServerResponse)(200, ...args).end(),
    );
    expect({ vary: headers.vary, setCookie }).toEqual({ vary, setCookie: [] });
    if (JSON.stringify(args).includes("x-own")) expect(headers["x-own"]).toBe("1");
    // An app may use its headers for every response.
    expect(args).toEqual(copy);
  });

  it("does not change writeHead if the session was not used", async () => {
    const untouched = { accessed: false, setCookie: [] };
    const { headers } = await respond(
      () => untouched,
      (res) => res.writeHead(200, { "x-own": "1" }).end(),
    );
    expect(headers).toMatchObject({ "x-own": "1" });
    expect(headers.vary).toBeUndefined();
  });

  it("keeps the order of many writes and the backpressure of a long stream", async () => {
    const piece = "0123456789".repeat(10_000);
    const { body } = await respond(commit, (res) => {
      Readable.from(Array.from({ length: 30 }, () => piece)).pipe(res);
    });
    expect(body.length).toBe(3_000_000);
  });

  it("sends the cookie with the answer to a bad header", async () => {
    const { status, setCookie } = await respond(commit, (res) => {
      try {
        res.writeHead(200, { "x-bad": "line\nbreak" });
        res.end();
      } catch {
        res.writeHead(500).end();
      }
    });
    expect({ status, setCookie }).toEqual({ status: 500, setCookie: ["session=1; Path=/"] });
  });
});

describe("a commit that fails", () => {
  const refuse = () => {
    let calls = 0;
    return (): CommitHeaders => {
      calls += 1;
      if (calls === 1) throw new Error("too large");
      return { accessed: true, setCookie: [] };
    };
  };

  // An error out of `res.end()` ends the process wherever no framework catches it.
  it("asks for an answer, and drops later writes of the handler", async () => {
    const { status, body } = await respond(refuse(), (res) => {
      expect(res.write("lost")).toBe(false);
      expect(res.write("lost as well")).toBe(false);
      res.end();
    });
    expect({ status, body }).toEqual({ status: 500, body: "failed" });
  });

  it("ends a stream and requests an answer", async () => {
    const source = Readable.from(["a", "b", "c"]);
    const { status, body } = await respond(refuse(), (res) => source.pipe(res));
    expect({ status, body, isDestroyed: source.destroyed }).toEqual({
      status: 500,
      body: "failed",
      isDestroyed: true,
    });
  });

  it("asks for an answer if it fails later, and drops earlier writes", async () => {
    const commit = refuse();
    const { status, body } = await respond(
      async () => commit(),
      (res) => {
        res.write("lost");
        res.end();
      },
    );
    expect({ status, body }).toEqual({ status: 500, body: "failed" });
  });
});

it("reports the headers of a waiting response as sent", async () => {
  let said: unknown;
  const { body } = await respond(
    () => soon(),
    (res) => {
      const before = [res.headersSent, res.writableEnded];
      res.write("a");
      const between = [res.headersSent, res.writableEnded];
      res.end("b");
      said = { before, between, after: [res.headersSent, res.writableEnded] };
      expect(() => res.writeHead(404)).toThrow(
        expect.objectContaining({ code: "ERR_HTTP_HEADERS_SENT" }),
      );
    },
  );
  expect(body).toBe("ab");
  expect(said).toEqual({ before: [false, false], between: [true, false], after: [true, true] });
});

describe("several sessions of one response", () => {
  const owed = (name: string): CommitHeaders => ({ accessed: true, setCookie: [`${name}=1`] });

  it.each([
    ["at once", (name: string) => owed(name)],
    ["later", async (name: string) => owed(name)],
  ])("set their cookies, %s", async (_when, commit) => {
    const fail = (error: unknown) => expect.unreachable(String(error));
    const server = createServer((_req, res) => {
      hookResponse(res, () => commit("session"), fail);
      hookResponse(res, () => commit("prefs"), fail, "prefs");
      expect(() => hookResponse(res, () => owed("more"), fail, "prefs")).toThrow(/one session/);
      res.end("both");
    });
    running = await listen(server);
    const { setCookie, headers, body } = await ask(running.origin, "/");
    expect(setCookie).toEqual(["session=1", "prefs=1"]);
    expect([headers["vary"], body]).toEqual(["Cookie", "both"]);
  });
});
