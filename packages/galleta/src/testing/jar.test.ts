import { afterEach, describe, expect, test, vi } from "vitest";
import { CookieJar } from "./jar.ts";

const HTTP = new URL("http://www.example.com/shop/cart");
const HTTPS = new URL("https://www.example.com/shop/cart");

function jarWith(lines: readonly string[], url = HTTP): CookieJar {
  const jar = new CookieJar();
  jar.store(url, new Headers(lines.map((line) => ["set-cookie", line] as [string, string])));
  return jar;
}

const at = (address: string) => new URL(address);

afterEach(() => {
  vi.useRealTimers();
});

describe("CookieJar", () => {
  test("sends a cookie only to its host, below the directory of its path", () => {
    const jar = jarWith(["a=1"]);
    expect(jar.header(HTTP)).toBe("a=1");
    expect(jar.header(at("http://www.example.com/shop"))).toBe("a=1");
    expect(jar.header(at("http://www.example.com/shopping"))).toBeUndefined();
    expect(jar.header(at("http://www.example.com/"))).toBeUndefined();
    expect(jar.header(at("http://example.com/shop/"))).toBeUndefined();
    expect(jar.header(at("http://a.www.example.com/shop/"))).toBeUndefined();
  });

  test("honours Path and Domain, and rejects another's domain", () => {
    const jar = jarWith(["a=1; Path=/; Domain=.Example.com", "b=2; Domain=other.com; Path=/"]);
    expect(jar.header(at("http://example.com/"))).toBe("a=1");
    expect(jar.header(at("http://x.example.com/y"))).toBe("a=1");
    expect(jar.header(at("http://notexample.com/"))).toBeUndefined();
    expect(jar.header(at("http://other.com/"))).toBeUndefined();
  });

  test("keeps secure cookies for https", () => {
    const jar = jarWith(["a=1; Secure; Path=/"], HTTPS);
    expect(jar.header(HTTPS)).toBe("a=1");
    expect(jar.header(HTTP)).toBeUndefined();
    expect(jarWith(["a=1; Secure"]).header(HTTPS)).toBeUndefined();
  });

  test("replaces by name, domain and path; longer paths come first", () => {
    const jar = jarWith(["a=1; Path=/", "a=2; Path=/", "a=3; Path=/shop", "b=x=y; path=/"]);
    expect(jar.header(HTTP)).toBe("a=3; a=2; b=x=y");
    expect(jar.get("a", HTTP)).toBe("3");
    jar.set("a", "4", HTTP);
    expect(jar.header(HTTP)).toBe("a=3; a=4; b=x=y");
  });

  test("drops a deleted cookie immediately, and an expired one later", () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 23) });
    const past = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    const lines = ["a=1; Max-Age=60", `b=2; ${past}; Max-Age=10`, `c=3; ${past}`, "d=4; Max-Age=0"];
    const jar = jarWith([...lines, "e=5; Max-Age=soon", "f=6"]);
    expect(jar.header(HTTP)).toBe("a=1; b=2; e=5; f=6");
    vi.setSystemTime(Date.UTC(2026, 10, 23, 0, 0, 30));
    expect(jar.header(HTTP)).toBe("a=1; e=5; f=6");
    jar.store(HTTP, new Headers({ "set-cookie": `a=; ${past}` }));
    expect(jar.header(HTTP)).toBe("e=5; f=6");
    jar.set("g", "7", HTTP);
    expect(jar.get("g", at("http://www.example.com/"))).toBe("7");
    jar.clear();
    expect(jar.header(HTTP)).toBeUndefined();
  });

  // RFC 6265bis §5.6 and §5.7
  test("rejects what a browser rejects: a cookie over 4096 characters, a prefix without its attributes", () => {
    const full = `a=${"x".repeat(4095)}`;
    expect(jarWith([full]).header(HTTP)).toBe(full);
    expect(jarWith([`${full}x`]).header(HTTP)).toBeUndefined();
    const kept = ["__Host-a=1; Secure; Path=/", "__Secure-b=2; Secure; Path=/shop"];
    expect(jarWith(kept, HTTPS).header(HTTPS)).toBe("__Secure-b=2; __Host-a=1");
    const rejected = [
      "__Host-a=1; Path=/",
      "__Host-b=2; Secure",
      "__Host-c=3; Secure; Path=/shop",
      "__host-d=4; Secure; Path=/; Domain=www.example.com",
      "__Secure-e=5; Path=/",
    ];
    expect(jarWith(rejected, HTTPS).header(HTTPS)).toBeUndefined();
  });

  test("ignores a header that is not a cookie", () => {
    expect(jarWith(["", "=1", "novalue", "; Path=/"]).header(HTTP)).toBeUndefined();
  });
});
