import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { NodeRequest } from "srvx/node";
import { afterEach, describe, expect, test } from "vitest";
import { factsOf } from "./fetch-facts.ts";
import { NodeFacts } from "./node-facts.ts";

describe("of a Request without a server", () => {
  const of = (url: string, init?: RequestInit) => factsOf(new Request(url, init));

  test("come from its URL", () => {
    const facts = of("https://shop.example:8443/a%20b?c=1#d", { method: "post" });
    expect(facts.method).toBe("POST");
    expect(facts.target).toBe("/a%20b?c=1");
    expect(facts.encrypted).toBe(true);
    expect(facts.remoteAddress).toBeUndefined();
    expect(facts.header("host")).toBe("shop.example:8443");
    expect(facts.header("origin")).toBeUndefined();
  });

  test("a Host wins over the URL, repeated headers are joined", () => {
    const headers = new Headers({ host: "other.example", origin: "https://a" });
    headers.append("origin", "https://b");
    const facts = of("http://shop.example/", { headers });
    expect(facts.header("host")).toBe("other.example");
    expect(facts.header("origin")).toBe("https://a, https://b");
    expect(facts.encrypted).toBe(false);
  });
});

describe("of a request that a server received", () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Returns the facts while the request is served. */
  async function seen(path: string, ...headers: string[]) {
    return new Promise<Record<string, unknown>>((resolve) => {
      const server = createServer((req, res) => {
        const facts = factsOf(new NodeRequest({ req, res }) as never);
        const names = ["host", "origin", "x-forwarded-proto"] as const;
        const read = names.map((name) => [name, facts.header(name)]);
        const { method, target, encrypted, remoteAddress } = facts;
        res.end();
        resolve({ ...Object.fromEntries(read), method, target, encrypted, remoteAddress });
      });
      servers.push(server);
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo;
        const head = [`PUT ${path} HTTP/1.1`, ...headers, "Connection: close", "", ""];
        connect(port, "127.0.0.1").end(head.join("\r\n"));
      });
    });
  }

  test("come from the connection, not from the client's claims", async () => {
    const headers = ["Host: shop.example", "X-Forwarded-Proto: https"];
    expect(await seen("/%61?b", ...headers)).toEqual({
      method: "PUT",
      target: "/%61?b",
      host: "shop.example",
      origin: undefined,
      "x-forwarded-proto": "https",
      encrypted: false,
      remoteAddress: "127.0.0.1",
    });
  });

  test("a repeated Origin or Host is recognised", async () => {
    const headers = ["Host: a", "Host: b", "Origin: https://a", "Origin: https://b"];
    const facts = await seen("/", ...headers);
    expect(facts["origin"]).toBe("https://a, https://b");
    expect(facts["host"]).toBe("a, b");
  });
});

describe("of a request without raw headers, as in a serverless function", () => {
  const headers = { host: "shop.example", origin: ["https://a", "https://b"], ":protocol": "x" };
  const facts = new NodeFacts({ method: "get", url: "/", rawHeaders: [], headers } as never);

  test("come from the parsed ones", () => {
    expect(facts.method).toBe("GET");
    expect(facts.header("host")).toBe("shop.example");
    expect(facts.header("origin")).toBe("https://a,https://b");
  });

  test("work without the list", () => {
    expect(new NodeFacts({ headers } as never).header("host")).toBe("shop.example");
  });
});

test("an extended CONNECT has no protocol if a Request replaces it", () => {
  expect(factsOf(new Request("http://shop.example/")).header(":protocol")).toBeUndefined();
});
