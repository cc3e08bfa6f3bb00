import { describe, expect, it } from "vitest";
import type { RequestFacts } from "@galleta/session/adapter";
import { isLocalRequest } from "./local.ts";

function facts(
  remoteAddress: string | undefined,
  headers: Readonly<Record<string, string>>,
): RequestFacts {
  const header = (name: string) => headers[name];
  return { method: "GET", target: "/", header, encrypted: false, remoteAddress };
}

describe("isLocalRequest", () => {
  it.each([
    ["127.0.0.1", "localhost:8000"],
    ["127.8.9.1", "127.0.0.1"],
    ["::1", "[::1]:8000"],
    ["::ffff:127.0.0.1", "LOCALHOST"],
    ["::ffff:7f00:1", "app.localhost"],
    ["127.0.0.1", "localhost.:80"],
  ])("accepts %s asking for %s", (address, host) => {
    expect(isLocalRequest(facts(address, { host }))).toBe(true);
  });
  it.each([
    ["192.168.1.7", "localhost"],
    ["::ffff:10.0.0.1", "localhost"],
    ["128.0.0.1", "localhost"],
    ["", "localhost"],
    [undefined, "localhost"],
    ["127.0.0.1", "rebound.example.com"],
    ["127.0.0.1", "localhost.example.com"],
    ["127.0.0.1", "notlocalhost"],
    ["127.0.0.1", "127.0.0.1.example.com"],
    ["127.0.0.1", "10.0.0.1"],
    ["127.0.0.1", "0x7f.0.0.1"],
    ["127.0.0.1", "localhost, example.com"],
    ["127.0.0.1", "[::2]"],
    ["127.0.0.1", ""],
  ])("rejects %s asking for %s", (address, host) => {
    expect(isLocalRequest(facts(address, { host }))).toBe(false);
  });
  it.each(["forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip"])(
    "rejects a request that came through a proxy, by its %s",
    (name) => {
      expect(isLocalRequest(facts("127.0.0.1", { host: "localhost", [name]: "" }))).toBe(false);
    },
  );
  it("rejects a request without Host", () => {
    expect(isLocalRequest(facts("127.0.0.1", {}))).toBe(false);
  });
});
