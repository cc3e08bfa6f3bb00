// Counts what docs/adapters/full-stack.md says of set-ups: one statement a line, ours from our pages.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./support/doc-examples.ts";

interface SetUp {
  readonly name: string;
  readonly page: string;
  readonly ours: string;
  readonly theirs: string;
}

const SET_UPS: readonly SetUp[] = [
  {
    name: "Next.js",
    page: "next",
    ours: `
      import { nextSession } from "@galleta/session/next";
      export const { getSession, withSession, proxy } = nextSession(() => ({ secretKey: process.env.SECRET_KEY ?? "" }));
      session.visits = (session.visits ?? 0) + 1;`,
    theirs: `
      import { getIronSession } from "iron-session";
      import { cookies } from "next/headers";
      const options = { password: process.env.SECRET_KEY ?? "", cookieName: "session" };
      export const getSession = async () => getIronSession<Data>(await cookies(), options);
      const session = await getSession();
      session.visits = (session.visits ?? 0) + 1;
      await session.save();`,
  },
  {
    name: "SvelteKit",
    page: "sveltekit",
    ours: `
      import { session } from "@galleta/session/sveltekit";
      export const handle = session({ secretKey: process.env.SECRET_KEY ?? "" });
      locals.session.user = "ann";`,
    theirs: `
      import { getIronSession } from "iron-session";
      event.locals.session = await getIronSession(event.cookies, { password, cookieName: "login" });
      return resolve(event);
      locals.session.user = "ann";
      await locals.session.save();`,
  },
  {
    name: "React Router",
    page: "react-router",
    ours: `
      import { session } from "@galleta/session/react-router";
      export const [sessionMiddleware, getSession] = session({ secretKey: process.env.SECRET_KEY ?? "" });
      export const middleware = [sessionMiddleware];
      const session = getSession(context);
      session.user = String((await request.formData()).get("user"));`,
    theirs: `
      import { createCookieSessionStorage } from "react-router";
      const { getSession, commitSession } = createCookieSessionStorage({ cookie: { name: "session", secrets } });
      const session = await getSession(request.headers.get("Cookie"));
      session.set("user", String((await request.formData()).get("user")));
      const headers = { "Set-Cookie": await commitSession(session) };`,
  },
  {
    name: "Nuxt",
    page: "nuxt",
    ours: `
      import { session } from "@galleta/session/nuxt";
      export default session({ secretKey: process.env.SECRET_KEY ?? "" });
      event.context.session.visits = (event.context.session.visits ?? 0) + 1;`,
    theirs: `
      modules: ["nuxt-auth-utils"],
      const session = await getUserSession(event);
      await setUserSession(event, { visits: (session.visits ?? 0) + 1 });`,
  },
  {
    name: "Astro",
    page: "astro",
    ours: `
      import { session } from "@galleta/session/astro";
      export const onRequest = session({ secretKey: process.env.SECRET_KEY ?? "" });
      Astro.locals.session.visits = (Astro.locals.session.visits ?? 0) + 1;`,
    theirs: `
      session: { driver: "redis", options: { url: process.env.REDIS_URL } },
      const visits = (await Astro.session?.get("visits")) ?? 0;
      Astro.session?.set("visits", visits + 1);`,
  },
  {
    name: "TanStack Start",
    page: "tanstack-start",
    ours: `
      import { session } from "@galleta/session/tanstack-start";
      export const [serveSession, getSession] = session(() => ({ secretKey: process.env.SECRET_KEY ?? "" }));
      export const startInstance = createStart(() => ({ requestMiddleware: [createMiddleware().server(serveSession)] }));
      getSession().visits = (getSession().visits ?? 0) + 1;`,
    theirs: `
      import { useSession } from "@tanstack/react-start/server";
      const useAppSession = () => useSession<Data>({ password: process.env.SECRET_KEY ?? "" });
      const session = await useAppSession();
      await session.update({ visits: (session.data.visits ?? 0) + 1 });`,
  },
];

const read = (page: string) => readFileSync(join(root, `docs/adapters/${page}.md`), "utf8");
const linesOf = (code: string) => code.trim().split(/\n\s*/);

describe.each(SET_UPS)("$name", ({ name, page, ours, theirs }) => {
  it("has our lines on its page", () => {
    const text = read(page).replaceAll(/^[+ ]/gm, "");
    for (const line of linesOf(ours)) expect(text).toContain(line);
  });

  it("has the numbers of the table", () => {
    const row = read("full-stack")
      .split("\n")
      .find((line) => new RegExp(`^\\| ${name.replace(".", "\\.")} +\\| \\d`).test(line));
    const [, , mine, other] = row?.split("|").map((cell) => cell.trim()) ?? [];
    expect([Number(mine), Number(other)]).toEqual([linesOf(ours).length, linesOf(theirs).length]);
    expect(Number(mine)).toBeLessThanOrEqual(Number(other));
  });
});
