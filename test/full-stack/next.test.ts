import { expect, it } from "vitest";
import { fullStack } from "./suite.ts";

fullStack({
  name: "next",
  title: "Next.js",
  build: ["next/dist/bin/next", "build"],
  dev: { start: ["node_modules/next/dist/bin/next", "dev", "-p", "$PORT"], file: "lib/session.ts" },
  start: ["node_modules/next/dist/bin/next", "start", "-p", "$PORT"],
  more(app) {
    it("app: the page sees what its proxy changed, and both changes survive", async () => {
      const page = await app().page(false);
      await page.goto(`${app().origin}/seen`);
      expect(await page.textContent("#told")).toBe("proxy 0");
      await page.locator("#count button").click();
      await expect.poll(() => page.textContent("#told")).toBe("proxy 1");
      const told = await page.context().request.get(`${app().origin}/api/count`);
      expect(await told.json()).toEqual({ user: "proxy", clicks: 1 });
    });

    it("app: what proxy and action change in one request survives", async () => {
      const page = await app().page(false);
      await page.goto(`${app().origin}/seen`);
      await page.context().clearCookies();
      await page.locator("#count button").click();
      await expect.poll(() => page.textContent("#told")).toBe("proxy 1");
      const told = await page.context().request.get(`${app().origin}/api/count`);
      expect(await told.json()).toEqual({ user: "proxy", clicks: 1 });
    });

    it("app: what proxy and route handler change in one request survives", async () => {
      const { request } = await app().context();
      const seen = await request.post(`${app().origin}/api/seen`);
      expect(await seen.json()).toEqual({ user: "proxy" });
      const told = await request.get(`${app().origin}/api/count`);
      expect(await told.json()).toEqual({ user: "proxy", clicks: 1 });
    });

    it("app: a write while a page renders is an error with a code", async () => {
      const page = await app().page(false);
      await page.goto(`${app().origin}/write`);
      expect(await page.textContent("#told")).toBe("ERR_SESSION_RUNTIME");
    });
  },
});
