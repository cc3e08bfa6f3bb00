import { expect, it } from "vitest";
import { fullStack } from "./suite.ts";

fullStack({
  name: "react-router",
  title: "React Router",
  build: ["@react-router/dev/bin.cjs", "build"],
  dev: {
    start: ["node_modules/@react-router/dev/bin.cjs", "dev", "--port", "$PORT"],
    file: "app/session.server.ts",
  },
  types: [
    ["@react-router/dev/bin.cjs", "typegen"],
    ["typescript/bin/tsc", "--noEmit", "-p", "."],
  ],
  start: ["server.js"],
  more(app) {
    it("app: loaders written for createCookieSessionStorage", async () => {
      const { request } = await app().context();
      const url = `${app().origin}/storage`;
      const told = async () => (await request.get(url)).json();
      expect(await told()).toEqual({ user: null, notice: null });
      await request.post(url);
      expect(await told()).toEqual({ user: "ann", notice: "Welcome" });
      expect(await told()).toEqual({ user: "ann", notice: null });
      await request.delete(url);
      expect(await told()).toEqual({ user: null, notice: null });
    });
  },
});
