import { describe, expect, it } from "vitest";
import { facts } from "@galleta/test-support/facts";
import { start } from "@galleta/test-support/sessions";

/** Changes a session in a request, and returns the events about dropped cookies. */
function dropped(options: object, headers: Record<string, string>, encrypted = false) {
  const { sessions, events } = start(options);
  const request = facts({ method: "POST", target: "/login", headers, encrypted });
  const context = sessions.open("", request);
  Object.assign(context.session, { user: "ann" });
  const { setCookie } = context.commit() as { setCookie: readonly string[] };
  expect(setCookie).toHaveLength(1);
  return events.filter(({ type }) => type === "dropped");
}

const page = (host: string, scheme = "http") => ({ host, origin: `${scheme}://${host}` });

describe("a Secure cookie for a page that came over http", () => {
  it("is reported, because the browser drops it", () => {
    expect(dropped({ httpsOnly: true }, page("example.com:8000"))).toMatchObject([
      {
        reason: "insecure",
        keys: ["user"],
        message: expect.stringContaining('`httpsOnly: "auto"`') as string,
      },
    ]);
  });

  it.each([
    ["this machine", page("localhost:8000")],
    ["this machine, by its address", page("127.0.0.1:8000")],
    ["a page over https, behind a proxy", page("example.com", "https")],
    ["a page of another host", { host: "api.example.com", origin: "http://example.com" }],
    ["a program, which sends no Origin", { host: "example.com" }],
  ])("is not reported for %s", (_name, headers) => {
    expect(dropped({ httpsOnly: true }, headers)).toEqual([]);
  });

  it("is not reported if the request came over TLS, or the cookie is not Secure", () => {
    expect(dropped({ httpsOnly: true }, page("example.com"), true)).toEqual([]);
    expect(dropped({ httpsOnly: "auto" }, page("example.com"))).toEqual([]);
  });
});
