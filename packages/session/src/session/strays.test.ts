import { describe, expect, it } from "vitest";
import { facts, type RequestWords } from "@galleta/test-support/facts";
import { start } from "@galleta/test-support/sessions";
import type { SessionCookieOptions } from "./options.ts";
import { findStrays } from "./strays.ts";

/** Finds the strays, and shortens them to domain, path and flags. */
function strays(
  options: Partial<SessionCookieOptions>,
  words: RequestWords | undefined,
  { secure = false, isAmbiguous = true } = {},
): string[] {
  const { sessions } = start(options);
  const others = isAmbiguous ? [] : undefined;
  const loaded = { ...sessions.open("").state.loaded, others };
  const request = words && facts(words);
  return findStrays(sessions.shared.settings, { loaded, secure }, request).map((attributes) => {
    const valueOf = (name: string) => new RegExp(`; ${name}=([^;]*)`, "i").exec(attributes)?.[1];
    const flags = ["Secure", "Partitioned"].filter((name) => attributes.includes(`; ${name}`));
    return [valueOf("domain") ?? "-", valueOf("path"), ...flags].join(" ");
  });
}

const PLACES = ["-", "b.shop.example", "shop.example"];

describe("after two cookies of one name, the other may have any attributes that the address allows", () => {
  it("the host, two domains above it, and two folders of the path", () => {
    const found = strays(
      {},
      { target: "/x/y/z/page?q=/a/b#c", headers: { host: "B.Shop.Example:8000" } },
    );
    const all = ["/", "/x", "/x/y"].flatMap((path) => PLACES.map((place) => `${place} ${path}`));
    expect(found).toEqual(all.filter((each) => each !== "- /"));
  });

  it("at most three domains", () => {
    expect(strays({}, { headers: { host: "a.b.c.d.example" } })).toEqual([
      "b.c.d.example /",
      "c.d.example /",
      "d.example /",
    ]);
  });

  it("the option's domain and path, and the root", () => {
    const options = { path: "/app", domain: "shop.example" };
    expect(strays(options, { target: "/app/page", headers: { host: "b.shop.example" } })).toEqual([
      "- /app",
      "b.shop.example /app",
      "- /",
      "shop.example /",
      "b.shop.example /",
    ]);
  });

  it.each(["127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "localhost", "a b.example", undefined])(
    "no domain for the host %s",
    (host) => {
      expect(strays({}, { target: "/x/", headers: { host } })).toEqual(["- /x"]);
    },
  );

  it.each([
    "",
    "/",
    "/page",
    "?q=/a/b",
    "/;/page",
    "/ä/page",
    "/;/x/page",
    `/${"x".repeat(201)}/page`,
  ])("no folder for the target %s", (target) => {
    expect(strays({}, { target, headers: { host: "localhost" } })).toEqual([]);
  });

  it("partitioned ones too, if the browser accepts them, and sixteen at most", () => {
    const host = { host: "b.shop.example" };
    expect(strays({}, { encrypted: true, headers: host })).toEqual([
      "b.shop.example /",
      "shop.example /",
      ...PLACES.map((place) => `${place} / Secure Partitioned`),
    ]);
    const options = { partitioned: true, httpsOnly: true };
    expect(strays(options, { headers: { host: "localhost" } })).toEqual(["- / Secure"]);
    expect(strays({}, { encrypted: true, target: "/x/y/z", headers: host })).toHaveLength(16);
  });

  it("only partitioned or not, for a __Host- cookie", () => {
    const request = { encrypted: true, target: "/x/y", headers: { host: "b.shop.example" } };
    for (const sessionCookie of ["__Host-session", "__host-session"]) {
      const options = { sessionCookie, httpsOnly: true };
      expect(strays(options, request)).toEqual(["- / Secure Partitioned"]);
    }
    const other = { sessionCookie: "a__Host-", httpsOnly: true };
    expect(strays(other, request).length).toBeGreaterThan(1);
  });
});

describe("the option formerly", () => {
  const formerly = [{ path: "/old" }, { domain: "shop.example" }, { path: "/old" }, {}];
  const host = { host: "b.shop.example" };

  it("is enough for a request with one cookie or none", () => {
    const expected = ["- /old", "shop.example /"];
    expect(strays({ formerly }, { headers: host }, { isAmbiguous: false })).toEqual(expected);
    expect(strays({ formerly }, undefined)).toEqual(expected);
  });

  it("comes before what the address allows", () => {
    expect(strays({ formerly }, { headers: host })).toEqual([
      "- /old",
      "shop.example /",
      "b.shop.example /",
    ]);
  });

  it.each([
    [{ httpsOnly: true }, false, true],
    [{ httpsOnly: "auto" as const }, true, true],
    [{ httpsOnly: "auto" as const }, false, false],
  ])("is Secure like the cookie: %j over TLS %s", (options, secure, isSecure) => {
    const [found] = strays({ formerly, ...options }, undefined, { secure });
    expect(found).toBe(isSecure ? "- /old Secure" : "- /old");
  });

  it("is Secure if it was partitioned", () => {
    const options = { formerly: [{ partitioned: true }], httpsOnly: true };
    expect(strays(options, undefined)).toEqual(["- / Secure Partitioned"]);
  });
});
