import { expect, it } from "vitest";
import { readExample } from "./project.ts";
import { fullStack } from "./suite.ts";

const ROUTES = readExample("react-router/app/routes.ts").replace(
  '  route("plain"',
  `  route("built", "routes/built.tsx"),
  route("both", "routes/both.tsx"),
  route("api/both", "routes/api-both.ts"),
  route("api/end/:which", "routes/end.ts"),
  route("plain"`,
);

const ROOT = readExample("react-router/app/root.tsx")
  .replace("[sessionMiddleware]", "[sessionMiddleware, prefsMiddleware]")
  .concat('\nimport { prefsMiddleware } from "./prefs.server";\n');

const BUILT = `
import { getSession } from "../session.server";
import type { Route } from "./+types/built";

export function loader({ context }: Route.LoaderArgs) {
  try {
    return { told: String(getSession(context).user) };
  } catch (error) {
    return { told: (error as { code?: string }).code ?? "no code" };
  }
}

export default function Built({ loaderData }: Route.ComponentProps) {
  return <p id="told">{loaderData.told}</p>;
}
`;

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
  extra: {
    "react-router.config.ts": 'export default { prerender: ["/built"] };',
    "app/root.tsx": ROOT,
    "app/routes.ts": ROUTES,
    "app/routes/built.tsx": BUILT,
  },
  more(app) {
    it("app: a page that the build made has no session", async () => {
      const { request } = await app().context();
      const response = await request.get(`${app().origin}/built`);
      expect(await response.text()).toContain('<p id="told">ERR_SESSION_SETUP</p>');
      expect(response.headers()["set-cookie"]).toBeUndefined();
    });

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
