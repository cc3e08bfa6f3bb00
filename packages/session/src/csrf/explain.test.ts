import { describe, expect, it } from "vitest";
import { facts, type RequestWords } from "@galleta/test-support/facts";
import { DENIALS, type CrossSiteRule } from "./denial.ts";
import { explainDenial } from "./explain.ts";

const OWN = "http://example.com:8000";

function explain(words: RequestWords, rule: CrossSiteRule = "origin-foreign", own?: string) {
  return explainDenial(DENIALS[rule], facts({ method: "POST", ...words }), own, false);
}

/** What the message says between "denied: " and the text of the rule. */
function aboutOf(words: RequestWords, rule: CrossSiteRule = "origin-foreign", own?: string) {
  const { message } = explain(words, rule, own);
  const [start, end] = ["POST / denied: ", DENIALS[rule].message];
  expect(message.startsWith(start) && message.endsWith(end)).toBe(true);
  return message.slice(start.length, message.length - end.length);
}

describe("explainDenial", () => {
  it("names the method, the path, the origins and the rule's advice", () => {
    const request = { target: "/todos?key=1#a", headers: { origin: "https://other.example" } };
    expect(explain(request, "origin-foreign", OWN)).toEqual({
      method: "POST",
      path: "/todos",
      origin: "https://other.example",
      own: OWN,
      message:
        "POST /todos denied: Origin https://other.example; this site is http://example.com:8000 " +
        `(different scheme, host and port). ${DENIALS["origin-foreign"].message}`,
    });
  });

  it.each(["/a?", "/a?b", "/a?b?c#d", "/a#b", "/a?b\nc\nd"])("cuts the query of %j", (target) => {
    expect(explain({ target }).path).toBe("/a");
  });

  it("marks a handshake, and says that it is one", () => {
    const request = facts({ target: "/feed?a" });
    const explained = explainDenial(DENIALS["origin-missing"], request, undefined, true);
    expect(explained).toMatchObject({ handshake: true, method: "GET", path: "/feed" });
    expect(explained.message).toBe(
      `WebSocket handshake /feed denied: ${DENIALS["origin-missing"].message}`,
    );
    expect(explain({})).not.toHaveProperty("handshake");
  });
});

describe("about the origin, the message", () => {
  it("names only what is known", () => {
    const headers = { origin: "null", "sec-fetch-site": "cross-site" };
    expect(aboutOf({})).toBe("");
    expect(aboutOf({ headers: { origin: "null" } })).toBe("Origin null. ");
    expect(aboutOf({ headers: { "sec-fetch-site": "none" } })).toBe("Sec-Fetch-Site none. ");
    expect(aboutOf({ headers })).toBe("Origin null, Sec-Fetch-Site cross-site. ");
    expect(aboutOf({}, "origin-foreign", OWN)).toBe(`this site is ${OWN}. `);
  });

  it.each([
    ["https://example.com:8000", " (different scheme)"],
    ["http://other.example:8000", " (different host)"],
    ["http://example.com:8001", " (different port)"],
    ["http://other.example:8001", " (different host and port)"],
    [OWN, ""],
    ["not a URL", ""],
  ])("says how %s differs from this site", (origin, differs) => {
    const about = `Origin ${origin}; this site is ${OWN}${differs}. `;
    expect(aboutOf({ headers: { origin } }, "origin-foreign", OWN)).toBe(about);
  });
});

describe("about a wrong Host, the message", () => {
  const headers = { host: "evil.example", "x-forwarded-host": "other.example", origin: "null" };

  it("names the Host and the proxy's, and not the Origin", () => {
    const { host, origin } = headers;
    expect(aboutOf({ headers: { host, origin } }, "host-invalid")).toBe("Host evil.example. ");
    expect(aboutOf({ headers }, "host-not-allowed")).toBe(
      "Host evil.example, X-Forwarded-Host other.example. ",
    );
    expect(aboutOf({}, "host-missing")).toBe("");
  });
});

describe("text from the request", () => {
  it("cannot control a terminal", () => {
    const bad = "\u001b[2J\u007f\u00e9 ~";
    const clean = "\\u001b[2J\\u007f\\u00e9 ~";
    const headers = {
      origin: bad,
      "sec-fetch-site": bad,
      host: bad,
      "x-forwarded-host": bad,
    };
    expect(explain({ method: bad, target: bad, headers })).toMatchObject({
      method: clean,
      path: clean,
      origin: clean,
    });
    expect(aboutOf({ headers })).toBe(`Origin ${clean}, Sec-Fetch-Site ${clean}. `);
    expect(aboutOf({ headers }, "host-invalid")).toBe(`Host ${clean}, X-Forwarded-Host ${clean}. `);
  });

  it("is cut after 200 characters", () => {
    expect(explain({ target: "a".repeat(200) }).path).toBe("a".repeat(200));
    expect(explain({ target: "a".repeat(201) }).path).toBe(`${"a".repeat(200)}...`);
  });
});
