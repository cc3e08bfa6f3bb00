import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fullStack } from "./suite.ts";

fullStack({
  name: "nuxt",
  title: "Nuxt",
  build: ["nuxt/bin/nuxt.mjs", "build"],
  dev: {
    start: ["node_modules/nuxt/bin/nuxt.mjs", "dev", "--port", "$PORT", "--host", "localhost"],
    file: "server/middleware/session.ts",
  },
  types: [["typescript/bin/tsc", "--noEmit", "-p", ".nuxt/tsconfig.server.json"]],
  start: [".output/server/index.mjs"],
  more(app) {
    it("app: inner requests share the session", async () => {
      const { request } = await app().context();
      const response = await request.get(`${app().origin}/inner`);
      expect(await response.text()).toContain("1 outer 2");
      const cookies = response.headersArray().filter(({ name }) => /set-cookie/i.test(name));
      expect(cookies).toHaveLength(1);
      const told = await request.get(`${app().origin}/api/count`);
      expect(await told.json()).toEqual({ user: "outer", clicks: 2 });
    });

    it("app: the adapter of h3 2, given h3 1, says so", async () => {
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
