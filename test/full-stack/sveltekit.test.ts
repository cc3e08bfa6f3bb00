import { expect, it } from "vitest";
import { readExample } from "./project.ts";
import { fullStack } from "./suite.ts";

/** The hooks of the example, with one of the app's own behind them. */
const HOOKS = readExample("sveltekit/src/hooks.server.ts").replace(
  "export const handle =",
  "const first =",
).concat(`
import { redirect } from "@sveltejs/kit";
import { prefs } from "./prefs";
import { sequence, type Handle } from "@sveltejs/kit/hooks";

const later: Handle = ({ event, resolve }) => {
  const { pathname } = event.url;
  if (!pathname.startsWith("/later/")) return resolve(event);
  event.locals.session.user = "later";
  if (pathname === "/later/redirect") redirect(303, "/");
  throw new Error("a later hook failed");
};
export const handle = sequence(first, prefs, later);
`);

const OMIT = `
import type { RequestHandler } from "./$types";

export const GET: RequestHandler = async ({ fetch, locals }) => {
  locals.session.user = "outer";
  const init = { credentials: "omit" } as const;
  const read = await fetch("/api/count", init);
  const written = await fetch("/api/count", { ...init, method: "POST" });
  return Response.json({ read: await read.json(), written: written.status });
};
`;

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
  // Without it the server treats every request as https.
  env: { PROTOCOL_HEADER: "x-forwarded-proto" },
  needsProxy: true,
  extra: { "src/hooks.server.ts": HOOKS, "src/routes/omit/+server.ts": OMIT },
  more(app) {
    it("app: a redirect of a later hook keeps the cookie", async () => {
      const { request } = await app().context();
      const response = await request.get(`${app().origin}/later/redirect`, { maxRedirects: 0 });
      expect(response.status()).toBe(303);
      const told = await request.get(`${app().origin}/api/count`);
      expect(await told.json()).toMatchObject({ user: "later" });
    });

    it("app: an error of a later hook warns that the change is lost", async () => {
      const { request } = await app().context();
      const response = await request.get(`${app().origin}/later/error`);
      expect(response.status()).toBe(500);
      expect(response.headers()["set-cookie"]).toBeUndefined();
      await expect.poll(() => app().server.said).toContain("ERR_SESSION_RUNTIME");
    });

    it("app: an inner request without credentials has no session", async () => {
      const { request } = await app().context();
      const response = await request.get(`${app().origin}/omit`);
      expect(await response.json()).toEqual({ read: { user: null, clicks: 0 }, written: 500 });
      const told = await request.get(`${app().origin}/api/count`);
      expect(await told.json()).toEqual({ user: "outer", clicks: 0 });
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
  },
});
