import { describe, expect, test, vi } from "vitest";
import { ask } from "../adapters/wire.ts";
import { appWith, live, SESSIONS } from "../support/framework.ts";
import { DeviceBrowser } from "./browser.ts";

const REFRESH = 300;

describe("the framework", () => {
  test("binds sessions with only the setting, and refreshes them before any guard", async () => {
    const app = appWith({ SESSIONS: { ...SESSIONS, deviceBound: { refresh: REFRESH } } });
    app.route("/login", (req, res) => {
      req.session.user = { name: "ana" };
      res.json = null;
    });
    app.use(async (req, _res, next) => {
      if (new URL(req.url).pathname !== "/login" && req.session.user === undefined) {
        throw new Error("the guard was asked about an endpoint of the sessions");
      }
      await next();
    });
    app.route("/whose", (req, res) => (res.json = req.session.user?.name ?? null));
    const server = await live(app);
    const origin = `http://127.0.0.1:${server.port}`;
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const browser = new DeviceBrowser(origin, (path, sent) => ask(origin, path, sent));
      await browser.request("/login");
      await browser.settled();
      expect(browser.sessions.size).toBe(1);
      vi.setSystemTime(Date.now() + (REFRESH + 1) * 1000);
      expect((await browser.request("/whose")).body).toBe('"ana"');
    } finally {
      vi.useRealTimers();
    }
  });
});
