import { describe, expect, it } from "vitest";
import { createSessions } from "../sessions.ts";

const secretKey = "a key for the parts of cookies, long enough for all";

async function cookiesOf(
  options: object,
  change = (session: Record<string, unknown>) => void (session["name"] = "ana"),
) {
  const context = createSessions<Record<string, unknown>>({ secretKey, ...options }).open("");
  change(context.session);
  const commit = await context.commit();
  return { commit, cookies: commit.cookies };
}

describe("commit.cookies", () => {
  it("has name, value and attributes as cookie jars name them", async () => {
    const { commit, cookies } = await cookiesOf({});
    expect(cookies).toStrictEqual([
      {
        name: "session",
        value: commit.setCookie[0]?.slice("session=".length).split(";")[0],
        attributes: {
          path: "/",
          maxAge: 14 * 24 * 60 * 60,
          secure: false,
          httpOnly: true,
          sameSite: "lax",
          partitioned: false,
        },
      },
    ]);
  });

  it("has every attribute that an option sets", async () => {
    const { cookies } = await cookiesOf({
      sessionCookie: "sid",
      path: "/app=1",
      domain: "example.com",
      httpsOnly: true,
      sameSite: "none",
      partitioned: true,
      maxAge: null,
    });
    expect(cookies[0]).toMatchObject({ name: "sid" });
    expect(cookies[0]?.attributes).toStrictEqual({
      path: "/app=1",
      domain: "example.com",
      secure: true,
      httpOnly: true,
      sameSite: "none",
      partitioned: true,
    });
  });

  it("deletes with a Max-Age of 0 and a date in the past", async () => {
    const sessions = createSessions<Record<string, unknown>>({ secretKey });
    const first = sessions.open("");
    first.session["name"] = "ana";
    const [cookie] = (await first.commit()).cookies;
    const context = sessions.open(`session=${cookie?.value}`);
    context.session = null;
    expect((await context.commit()).cookies).toMatchObject([
      { name: "session", value: "", attributes: { maxAge: 0, expires: new Date(0) } },
    ]);
  });

  it("has one for each chunk", async () => {
    const { cookies } = await cookiesOf({ chunks: 16_384 }, (session) => {
      session["big"] = "x".repeat(6000);
    });
    expect(cookies.map(({ name }) => name)).toEqual(["session", "session.1"]);
  });
});
