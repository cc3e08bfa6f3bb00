import { describe, expect, it } from "vitest";
import { ask, PASS } from "@galleta/test-support/ask";
import { facts } from "@galleta/test-support/facts";
import { createCrossSiteCheck, pathOf } from "./check.ts";

describe("what does not matter", () => {
  it.each([undefined, "", "TEXT/PLAIN", "application/json", "Application/X-WWW-Form-Urlencoded"])(
    "the Content-Type %j",
    (type) => {
      const headers = { "content-type": type, "sec-fetch-site": "cross-site" };
      expect(ask({ headers })).toBe("sec-fetch-site");
    },
  );

  it.each([
    { target: "/?_method=GET" },
    { headers: { "x-http-method-override": "GET" } },
    { headers: { "x-http-method": "HEAD" } },
  ])("a method in another place: %j", ({ target = "/", headers }) => {
    const all = { "sec-fetch-site": "cross-site", ...headers };
    expect(ask({ target, headers: all })).toBe("sec-fetch-site");
  });

  it.each(["DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", "GET ", ""])(
    "an unsafe or unknown method is checked: %j",
    (method) => {
      expect(ask({ method, headers: { "sec-fetch-site": "cross-site" } })).toBe("sec-fetch-site");
    },
  );

  it("a login, which has no cookie yet, is checked too", () => {
    expect(ask({ target: "/login", headers: { origin: "https://attacker.example" } })).toBe(
      "origin-foreign",
    );
  });
});

describe("exempt", () => {
  const options = { csrf: { exempt: ["/exempt"] } };
  const get = (target: string) =>
    ask({ target, headers: { "sec-fetch-site": "cross-site" } }, options);

  it("accepts the exact path, with any query", () => {
    expect(get("/exempt")).toBe(PASS);
    expect(get("/exempt?a=b?c")).toBe(PASS);
  });

  it.each([
    "/exempt/",
    "/exempt/x",
    "//exempt",
    "/./exempt",
    "/x/../exempt",
    "/exempt/..",
    "/exempt%2f",
    "/exempt%2F..",
    "/%65xempt",
    "/EXEMPT",
    "/exempt;a",
    "/exempt#a",
    "/exempt%3f",
    "/exempt\\",
    "\\exempt",
    "exempt",
    "https://example.com/exempt",
    "",
    "*",
  ])("does not take %j", (target) => {
    expect(get(target)).toBe("sec-fetch-site");
  });
});

describe("csrf: strict", () => {
  it.each(["strict" as const, { strict: true }])(
    "%j needs a token without either header",
    (csrf) => {
      expect(createCrossSiteCheck({ csrf }).strict).toBe(true);
      expect(ask({}, { csrf })).toBe("needs-token");
      expect(ask({ method: "GET" }, { csrf })).toBe(PASS);
    },
  );

  it("changes nothing if a header decides", () => {
    const options = { csrf: "strict" } as const;
    expect(ask({ headers: { "sec-fetch-site": "same-origin" } }, options)).toBe(PASS);
    expect(ask({ headers: { origin: "https://example.com" } }, options)).toBe(PASS);
    expect(ask({ headers: { "sec-fetch-site": "cross-site" } }, options)).toBe("sec-fetch-site");
  });

  it("does not check exempt paths", () => {
    expect(ask({ target: "/hook" }, { csrf: { strict: true, exempt: ["/hook"] } })).toBe(PASS);
  });
});

describe("csrf: false", () => {
  it("allows everything but a wrong Host", () => {
    expect(ask({ headers: { "sec-fetch-site": "cross-site" } }, { csrf: false })).toBe(PASS);
    expect(ask({ headers: { host: "a b" } }, { csrf: false })).toBe("host-invalid");
  });
});

describe("Host", () => {
  it.each(["a b", "", "example.com, example.com", "user@example.com", "example.com/x", "a:b"])(
    "%j is 400, with any method",
    (host) => {
      for (const method of ["GET", "POST"]) {
        const request = facts({ method, headers: { host, "sec-fetch-site": "same-origin" } });
        expect(createCrossSiteCheck().http(request)).toMatchObject({
          rule: "host-invalid",
          status: 400,
          code: "ERR_SESSION_HOST",
        });
      }
    },
  );

  it("must be in allowedHosts, if that is set", () => {
    const options = { allowedHosts: ["example.com"] };
    expect(ask({ method: "GET" }, options)).toBe(PASS);
    expect(ask({ method: "GET", headers: { host: "example.com:8443" } }, options)).toBe(PASS);
    expect(ask({ method: "GET", headers: { host: "evil.example" } }, options)).toBe(
      "host-not-allowed",
    );
    expect(ask({ method: "GET", headers: { host: undefined } }, options)).toBe("host-missing");
  });

  it("may be missing, but then no Origin matches", () => {
    expect(ask({ headers: { host: undefined } })).toBe(PASS);
    expect(ask({ headers: { host: undefined, "sec-fetch-site": "none" } })).toBe(PASS);
    const headers = { host: undefined, origin: "https://example.com" };
    expect(ask({ headers })).toBe("host-missing");
  });

  it("can be checked alone", () => {
    const check = createCrossSiteCheck({ allowedHosts: ["example.com"] });
    expect(check.host(facts({ headers: { host: "example.com" } }))).toBeUndefined();
    expect(check.host(facts({ headers: { host: "evil.example" } }))?.status).toBe(400);
  });
});

describe("behind a proxy", () => {
  const headers = {
    host: "inner:8080",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "example.com",
    origin: "https://example.com",
  };

  it("the own origin is the proxy's, only when trusted", () => {
    expect(ask({ encrypted: false, headers }, { trustProxy: 1 })).toBe(PASS);
    expect(ask({ encrypted: false, headers })).toBe("origin-foreign");
  });

  it("the http twin is denied there too", () => {
    const twin = { ...headers, origin: "http://example.com" };
    expect(ask({ headers: twin }, { trustProxy: 1 })).toBe("origin-foreign");
  });

  it("a forwarded host is checked like a Host", () => {
    const options = { trustProxy: 1, allowedHosts: ["example.com"] };
    const bad = (host: string) =>
      ask({ headers: { ...headers, "x-forwarded-host": host } }, options);
    expect(bad("a b")).toBe("host-invalid");
    expect(bad("evil.example")).toBe("host-not-allowed");
    expect(bad("evil.example, example.com")).toBe(PASS);
  });

  it("headers that cannot be read are 400", () => {
    expect(ask({ headers: { forwarded: '"' } }, { trustProxy: 1 })).toBe("forwarded-malformed");
    const both = { ...headers, forwarded: "host=other.example" };
    expect(ask({ headers: both }, { trustProxy: 1 })).toBe("forwarded-conflict");
  });

  it("isSecure and ownOrigin see the client's side", () => {
    const check = createCrossSiteCheck({ trustProxy: ["10.0.0.0/8"] });
    const from = (remoteAddress: string) => facts({ headers, remoteAddress });
    expect(check.isSecure(from("10.0.0.1"))).toBe(true);
    expect(check.ownOrigin(from("10.0.0.1"))).toBe("https://example.com");
    expect(check.isSecure(from("192.0.2.1"))).toBe(false);
    expect(check.ownOrigin(from("192.0.2.1"))).toBe("http://inner:8080");
    expect(check.ownOrigin(facts({ headers: { host: "a b" } }))).toBeUndefined();
    expect(check.isSecure(facts({ encrypted: true }))).toBe(true);
  });
});

it("options are checked at set-up", () => {
  expect(() => createCrossSiteCheck({ trustedOrigins: ["example.com"] })).toThrow("[0]");
  expect(() => createCrossSiteCheck({ trustProxy: -1 })).toThrow("trustProxy");
  expect(() => createCrossSiteCheck({ allowedHosts: ["a b"] })).toThrow("allowedHosts[0]");
  expect(() => createCrossSiteCheck({ csrf: { exempt: ["x"] } })).toThrow("csrf.exempt[0]");
});

it("reads the path of a request without its query", () => {
  expect(pathOf("/a/b")).toBe("/a/b");
  expect(pathOf("/a?b=/c?d")).toBe("/a");
  expect(pathOf("?a")).toBe("");
});
