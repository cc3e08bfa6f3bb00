import { expect, it } from "vitest";
import { fullStack } from "./suite.ts";

fullStack({
  name: "astro",
  title: "Astro",
  build: ["astro/bin/astro.mjs", "build"],
  dev: {
    start: ["node_modules/astro/bin/astro.mjs", "dev", "--port", "$PORT"],
    file: "src/middleware.ts",
  },
  types: [["typescript/bin/tsc", "--noEmit", "-p", "."]],
  start: ["dist/server/entry.mjs"],
  more(app) {
    it("app: a page that the build made has no session", async () => {
      const { request } = await app().context();
      const response = await request.get(`${app().origin}/built`);
      expect(await response.text()).toContain("ERR_SESSION_RUNTIME");
    });

    it("app: an error page sees the changes of the page before it", async () => {
      const { request } = await app().context();
      const response = await request.get(`${app().origin}/fail`);
      expect(await response.text()).toContain("Something went wrong, kept.");
    });
  },
});
