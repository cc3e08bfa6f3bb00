import { App, configure, csrfToken, destroy, update, type AppSettings } from "galleta";
import { describe, expect, test } from "vitest";
import { clientOf, SESSIONS, watchLog, type Data } from "./support/framework.ts";

watchLog();

const PREFS = { ...SESSIONS, property: "prefs", maxAge: 365 * 86_400 };

/** Requests and sockets have a property that no other test declares. */
type WithPrefs = { readonly prefs: Record<string, unknown> };
const prefsOf = (target: unknown) => (target as WithPrefs).prefs;

function appOf(settings: AppSettings): App<Data> {
  const app = new App<Data>();
  configure(app, settings);
  app.route("/both", (req, res) => {
    req.session.count = 1;
    prefsOf(req)["theme"] = "dark";
    res.json = [req.session, prefsOf(req)];
  });
  app.route("/read", (req, res) => (res.json = [{ ...req.session }, { ...prefsOf(req) }]));
  app.route("/end", (req) => destroy(prefsOf(req)));
  app.route("/huge", (req) => {
    req.session.big = "x".repeat(6000);
    prefsOf(req)["kept"] = true;
  });
  app.route("/form", { methods: ["POST"] }, (_req, res) => (res.json = "sent"));
  app.websocketRoute("/feed", async (ws) => {
    prefsOf(ws)["seen"] = true;
    for await (const message of ws) {
      if (message === "update") await update(prefsOf(ws), (draft) => void (draft["live"] = true));
      await ws.send(JSON.stringify([{ ...ws.session }, { ...prefsOf(ws) }]));
    }
  });
  return app;
}

const refusal = (settings: AppSettings) => {
  try {
    configure(new App<Data>(), settings);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

describe("SESSIONS as a list", () => {
  test("gives a request several sessions, each with its cookie and options", async () => {
    const client = clientOf(appOf({ SESSIONS: [SESSIONS, PREFS] }));
    const { headers } = await client.get("/both");
    expect(headers.getSetCookie().toSorted()).toEqual([
      expect.stringMatching(/^prefs=.*Max-Age=31536000/),
      expect.stringMatching(/^session=.*Max-Age=1209600/),
    ]);
    expect(headers.get("vary")).toBe("Cookie");
    expect(await (await client.get("/read")).json()).toEqual([{ count: 1 }, { theme: "dark" }]);
    await client.get("/end");
    expect(await (await client.get("/read")).json()).toEqual([{ count: 1 }, {}]);
  });

  test("a session that cannot be saved does not cost the other its change", async () => {
    const client = clientOf(appOf({ SESSIONS: [SESSIONS, PREFS] }));
    expect((await client.get("/huge")).status).toBe(500);
    expect(await (await client.get("/read")).json()).toEqual([{}, { kept: true }]);
  });

  test("checks a request by the options of each", async () => {
    const client = clientOf(appOf({ SESSIONS: [{ ...SESSIONS, csrf: false }, PREFS] }));
    const origin = "https://evil.example";
    const denied = await client.post("/form", {
      headers: { origin, "sec-fetch-site": "cross-site" },
    });
    expect(denied.status).toBe(403);
  });

  test("with csrf strict the token of the first counts for each", async () => {
    const strict = { csrf: "strict" } as const;
    const app = appOf({
      SESSIONS: [
        { ...SESSIONS, ...strict },
        { ...PREFS, ...strict },
      ],
    });
    app.route("/tokens", (req, res) => {
      res.json = [csrfToken(req.session), csrfToken(prefsOf(req))];
    });
    const client = clientOf(app);
    await client.get("/both");
    const [first, second] = (await (await client.get("/tokens")).json()) as string[];
    const post = async (headers: Record<string, string>) =>
      (await client.post("/form", { headers })).status;
    expect(await post({})).toBe(403);
    expect(await post({ "x-csrf-token": second! })).toBe(403);
    expect(await post({ "x-csrf-token": first! })).toBe(200);
  });

  test("sockets have them too", async () => {
    const client = clientOf(appOf({ SESSIONS: [SESSIONS, PREFS] }));
    await client.get("/both");
    const socket = await client.websocket("/feed");
    socket.send("hello");
    expect(JSON.parse((await socket.receive()) as string)).toEqual([
      { count: 1 },
      { theme: "dark", seen: true },
    ]);
    await client.get("/end");
    expect((await socket.closed).code).toBe(1008);
  });

  test("conflicting sessions throw at set-up and name the option", () => {
    expect(refusal({ SESSIONS: [SESSIONS, SESSIONS] })).toContain("property");
    expect(refusal({ SESSIONS: [SESSIONS, { ...PREFS, sessionCookie: "session" }] })).toContain(
      "sessionCookie",
    );
    expect(
      refusal({ SESSIONS: [SESSIONS, { ...PREFS, exchangePath: "/.galleta/session" }] }),
    ).toContain("exchangePath");
    expect(refusal({ SESSIONS: [PREFS] })).toContain("first");
    expect(refusal({ SESSIONS: [true as never] })).toContain("list");
    expect(refusal({ SESSIONS: [SESSIONS, { property: "prefs" } as never] })).toContain(
      "secretKey",
    );
  });

  test("a property that requests have already is an error", async () => {
    const client = clientOf(appOf({ SESSIONS: [SESSIONS, { ...PREFS, property: "headers" }] }));
    await expect(client.get("/read")).resolves.toMatchObject({ status: 500 });
  });
});
