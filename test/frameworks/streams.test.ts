import { get as httpGet, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noteOutcomes } from "../support/outcomes.ts";
import type { Jar } from "../adapters/wire.ts";
import { Client, isInstalled, serveWith, type Column, type Variant } from "./column.ts";

/** A stream that is open. */
class Stream {
  text = "";
  readonly ended: Promise<"ended" | "aborted">;
  readonly #res: IncomingMessage;

  constructor(res: IncomingMessage) {
    this.#res = res;
    res.setEncoding("utf8").on("data", (chunk: string) => (this.text += chunk));
    this.ended = new Promise((resolve) => {
      res.once("end", () => resolve("ended"));
      res.once("error", () => resolve("aborted"));
    });
  }

  destroy(): void {
    this.#res.destroy();
  }

  static open(client: Client, variant: Variant, jar?: Jar): Promise<Stream> {
    const headers = { accept: "text/event-stream", ...(jar && { cookie: jar.header }) };
    const url = client.origin(variant) + (client.column.path ?? "/events");
    return new Promise((resolve, reject) => {
      httpGet(url, { headers, agent: false }, (res) => {
        if (res.statusCode === 200) resolve(new Stream(res));
        else reject(new Error(`answered with ${res.statusCode}`));
      }).on("error", reject);
    });
  }
}

const seen = (stream: Stream, text: string) =>
  expect.poll(() => stream.text.replaceAll("\\", ""), { timeout: 5000 }).toContain(text);

const COLUMNS: readonly Column[] = [
  { name: "node:http", start: () => serveWith("sse-node") },
  { name: "Express", start: () => serveWith("sse-express") },
  { name: "Express, piped", start: () => serveWith("sse-express"), path: "/piped" },
  { name: "Fastify", start: () => serveWith("sse-fastify") },
  { name: "Koa", start: () => serveWith("sse-koa") },
  { name: "Hono", start: () => serveWith("sse-hono") },
  { name: "Hono, Bun", start: () => serveWith("sse-hono", "bun") },
  { name: "Hono, Deno", start: () => serveWith("sse-hono", "deno") },
  { name: "h3", start: () => serveWith("sse-h3") },
  { name: "Bun.serve", start: () => serveWith("sse-fetch", "bun") },
  { name: "Deno.serve", start: () => serveWith("sse-fetch", "deno") },
  { name: "tRPC httpSubscriptionLink", start: () => serveWith("sse-trpc"), path: "/trpc/ticks" },
  {
    name: "GraphQL Yoga",
    start: () => serveWith("sse-yoga"),
    path: `/graphql?query=${encodeURIComponent("subscription { ticks }")}`,
  },
];

// Runs the built packages (`npm run build`) with what `npm run runtimes` installs.
describe.runIf(isInstalled())("streams", () => {
  const clients = new Map<string, { client: Client; expiring: Stream }>();
  beforeAll(async () => {
    const start = async (column: Column) => {
      const client = new Client(column, await column.start());
      const expiring = await Stream.open(client, "short", await client.login("short"));
      clients.set(column.name, { client, expiring });
    };
    await Promise.all(COLUMNS.map(start));
  });
  afterAll(() => Promise.all([...clients.values()].map(({ client }) => client.stop())));

  describe.each(COLUMNS.map(({ name }) => name))("%s", (name) => {
    noteOutcomes(name);
    const given = () => clients.get(name)!;

    it("stream: sees what HTTP changes, and ends when it ends the session", async () => {
      const { client } = given();
      const jar = await client.login("plain");
      const stream = await Stream.open(client, "plain", jar);
      await seen(stream, '"user":"ann"');
      await client.get("plain", "/set?seen=1", jar);
      await seen(stream, '"seen":"1"');
      await client.get("plain", "/logout", jar);
      expect(await stream.ended).toBe("ended");
      // The server is alive, and a write of the app after the end is not an error.
      expect(await client.get("plain", "/codes")).toBe("[]");
    });

    it("stream: ends when its user is revoked", async () => {
      const { client } = given();
      const stream = await Stream.open(client, "stored", await client.login("stored", "rev"));
      await seen(stream, '"user":"rev"');
      await client.get("stored", "/revoke?user=rev");
      expect(await stream.ended).toBe("ended");
    });

    it("stream: ends when its session expires", async () => {
      expect(await given().expiring.ended).toBe("ended");
    });

    it("stream: stays open without a session", async () => {
      const { client } = given();
      const stream = await Stream.open(client, "plain");
      const { length } = stream.text;
      await expect.poll(() => stream.text.length).toBeGreaterThan(length + 20);
      stream.destroy();
    });

    it("stream: releases the session when the page closes", async () => {
      const { client } = given();
      const jar = await client.login("plain");
      (await Stream.open(client, "plain", jar)).destroy();
      await client.get("plain", "/logout", jar);
      expect(await client.get("plain", "/codes")).toBe("[]");
    });
  });
});
