import type { ServerResponse } from "node:http";
import { H3Event } from "h3";
import { serve } from "srvx/node";
import { describe, expect, test } from "vitest";
import { FallbackH3, hasStaged, nodeAdapter, textResponse } from "./seams.ts";

const HELP = "h3, srvx or crossws moved what packages/galleta/src/seams.ts uses.";

test("h3 calls ~findRoute for the route of a request, and ~rou3 has all routes", async () => {
  const app = new FallbackH3({ handler: () => new Response("ours", { status: 404 }) });
  app.get("/known/:id", () => "theirs");
  expect(await (await app.request("/known/7")).text(), HELP).toBe("theirs");
  expect(await (await app.request("/none")).text(), HELP).toBe("ours");
  expect(app.hasRoute("GET", "/known/7"), HELP).toBe(true);
  expect(app.hasRoute("POST", "/known/7"), HELP).toBe(false);
});

test("h3 keeps staged headers under its symbol", () => {
  const event = new H3Event(new Request("http://a/"));
  expect(hasStaged(event), HELP).toBe(false);
  event.res.headers.set("vary", "Origin");
  expect(hasStaged(event), HELP).toBe(true);
});

test("crossws has its Node adapter without the check for Node", () => {
  const adapter = nodeAdapter({ hooks: {}, idleTimeout: 0 });
  expect(typeof adapter.handleUpgrade, HELP).toBe("function");
});

describe("a text response", () => {
  /** Serves one view and returns the answer, with the calls that sent its body. */
  async function answerOf(view: (event: H3Event, res: ServerResponse) => Response) {
    const calls: unknown[][] = [];
    const app = new FallbackH3({ handler: () => undefined });
    app.get("/", (event) => {
      const res = event.runtime!.node!.res as ServerResponse;
      const { write, end } = res;
      res.write = function (...args: unknown[]) {
        calls.push(["write", args[0]]);
        return Reflect.apply(write, this, args) as boolean;
      };
      res.end = function (...args: unknown[]) {
        calls.push(["end", args[0]]);
        return Reflect.apply(end, this, args) as ServerResponse;
      };
      return view(event, res);
    });
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1", silent: true });
    await server.ready();
    try {
      const response = await fetch(server.url!);
      return { response, text: await response.text(), calls };
    } finally {
      await server.close(true);
    }
  }

  test("is sent by one call, with its status and headers", async () => {
    const { response, text, calls } = await answerOf((event) =>
      textResponse("héllo", { status: 201, headers: [["x-one", "1"]] }, event),
    );
    expect([response.status, response.headers.get("x-one")]).toEqual([201, "1"]);
    expect([response.headers.get("content-length"), text]).toEqual(["6", "héllo"]);
    expect(calls[0], HELP).toEqual(["end", "héllo"]);
    expect(calls.filter(([name]) => name === "write")).toEqual([]);
  });

  test("is sent by srvx if the answer to its request has begun", async () => {
    const { text } = await answerOf((event, res) => {
      res.flushHeaders();
      return textResponse("late", {}, event);
    });
    expect(text).toBe("late");
  });

  test("is an ordinary Response without a server", async () => {
    const response = textResponse("alone", { status: 202 }, new H3Event(new Request("http://a/")));
    expect([response.status, await response.text()]).toEqual([202, "alone"]);
  });
});
