import { expect, it } from "vitest";
import { fullStack } from "./suite.ts";

fullStack({
  name: "sveltekit",
  title: "SvelteKit",
  build: ["vite/bin/vite.js", "build"],
  dev: {
    start: ["node_modules/vite/bin/vite.js", "dev", "--port", "$PORT"],
    file: "src/hooks.server.ts",
  },
  types: [["typescript/bin/tsc", "--noEmit", "-p", "."]],
  start: ["build"],
  // Without it the server takes every request for https.
  env: { PROTOCOL_HEADER: "x-forwarded-proto" },
  needsProxy: true,
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
  },
});
