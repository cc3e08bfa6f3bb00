import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { readExample } from "./project.ts";
import { fullStack } from "./suite.ts";

const CONFIG = readExample("nuxt/nuxt.config.ts").replace(
  "nitro: {",
  'nitro: { prerender: { routes: ["/built"] },',
);

const BUILT = `
<script setup lang="ts">
const told = useState("told", () => String(useRequestEvent()?.context.session));
</script>

<template>
  <p id="told">{{ told }}</p>
</template>
`;

fullStack({
  name: "nuxt",
  title: "Nuxt",
  build: ["nuxt/bin/nuxt.mjs", "build"],
  dev: {
    start: ["node_modules/nuxt/bin/nuxt.mjs", "dev", "--port", "$PORT", "--host", "localhost"],
    file: "server/middleware/session.ts",
  },
  options: "server/utils/sessions.ts",
  types: [["typescript/bin/tsc", "--noEmit", "-p", ".nuxt/tsconfig.server.json"]],
  start: [".output/server/index.mjs"],
  extra: { "nuxt.config.ts": CONFIG, "app/pages/built.vue": BUILT },
  more(app) {
    it("app: a client cannot switch the session off with the build's header", async () => {
      const { request } = await app().context();
      const headers = { "x-nitro-prerender": "/api/count", origin: "https://evil.example" };
      const denied = await request.post(`${app().origin}/api/count`, { headers });
      expect(denied.status()).toBe(403);
    });

    it("app: a page that the build made has no session", async () => {
      const { request } = await app().context();
      const response = await request.get(`${app().origin}/built`);
      expect(await response.text()).toContain('<p id="told">undefined</p>');
      expect(response.headers()["set-cookie"]).toBeUndefined();
    });

    it("app: a socket has the session of its page, and a logout closes it", async () => {
      const { origin } = app();
      const page = await app().page();
      const post = (path: string, data: object) =>
        page.context().request.post(`${origin}/api/${path}`, { data, headers: { origin } });
      await post("login", { user: "ann" });
      await page.goto(origin);
      await page.locator("#live", { hasText: "hello ann" }).waitFor();
      await post("logout", {});
      await page.locator("#live", { hasText: "1008 session ended" }).waitFor();
    });

    it("app: a socket of another site is denied", async () => {
      const socket = new WebSocket(`${app().origin.replace("http", "ws")}/feed`, {
        headers: { origin: "http://evil.example" },
      });
      const told = await new Promise((resolve) => {
        socket.on("unexpected-response", (_req, res) => resolve(res.statusCode));
        socket.on("open", () => resolve("open"));
        socket.on("error", resolve);
      });
      expect(told).toBe(403);
    });

    it("app: two sessions, a socket has both, and the end of either closes it", async () => {
      for (const which of ["session", "prefs"]) {
        const context = await app().context();
        const headers = { origin: app().origin };
        const post = (path: string) =>
          context.request.post(`${app().origin}/api/${path}`, { data: {}, headers });
        await post("both");
        const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`);
        const url = `${app().origin.replace("http", "ws")}/both-feed`;
        const socket = new WebSocket(url, { headers: { ...headers, cookie: cookies.join("; ") } });
        const closed = new Promise((resolve) => {
          socket.on("close", (code, reason) => resolve(`${code} ${String(reason)}`));
        });
        const said = await new Promise((resolve, reject) => {
          socket.once("message", (data) => resolve(String(data)));
          socket.on("error", reject);
        });
        expect(said).toBe("ann dark");
        await post(`end/${which}`);
        expect(await closed).toBe("1008 session ended");
      }
    });

    it("app: two sessions, inner requests share both", async () => {
      const { request } = await app().context();
      const response = await request.get(`${app().origin}/api/inner`);
      const changed = { user: "ann", theme: "dark" };
      expect(await response.json()).toEqual([{ user: "outer", theme: "outer" }, changed]);
      expect(await (await request.get(`${app().origin}/api/both`)).json()).toEqual(changed);
    });

    it("app: inner requests share the session", async () => {
      const { request } = await app().context();
      const response = await request.get(`${app().origin}/inner`);
      expect(await response.text()).toContain("1 outer 2");
      const cookies = response.headersArray().filter(({ name }) => /set-cookie/i.test(name));
      expect(cookies).toHaveLength(1);
      const told = await request.get(`${app().origin}/api/count`);
      expect(await told.json()).toEqual({ user: "outer", clicks: 2 });
    });

    it("app: the adapter for h3 2 rejects h3 1", async () => {
      const script = `
        import { createApp, toNodeListener } from "h3";
        import { session } from "@galleta/session/h3";
        const plugin = session({ secretKey: "a key for the test of a plugin" });
        const told = (use) => { try { use(); } catch (error) { console.log(error.code, error.message); } };
        told(() => plugin(createApp()));
        const app = createApp({ onError: (error) => told(() => { throw error.cause; }) });
        app.use(plugin);
        const req = { method: "GET", url: "/", headers: {}, socket: {} };
        const res = { setHeader() {}, end() {}, getHeader() {}, removeHeader() {} };
        await toNodeListener(app)(req, res);`;
      writeFileSync(join(app().project.folder, "h3-1.mjs"), script);
      const said = (await app().project.run("h3-1.mjs", [])).match(/^ERR_SESSION.*$/gm);
      expect(said).toHaveLength(2);
      for (const line of said ?? []) {
        expect(line).toMatch(/^ERR_SESSION_SETUP .*h3 1, Nitro 2 and Nuxt use @galleta/);
      }
    });
  },
});
