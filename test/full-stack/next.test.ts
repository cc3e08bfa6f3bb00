import { createSessions } from "@galleta/session";
import { expect, it, vi } from "vitest";
import { readExample } from "./project.ts";
import { fullStack, type RunningApp } from "./suite.ts";

/** The proxy of the example, but that /read has the one without a function, and /both has two. */
const PROXY = readExample("next/proxy.ts")
  .replace("export const proxy =", "const changing =")
  .replace('"/seen"]', '"/seen", "/read", "/both/:path*"]').concat(`
import { proxy as both } from "@/lib/both-proxy";

export const proxy = (request: NextRequest) => {
  const { pathname } = request.nextUrl;
  if (pathname === "/read") return sessionProxy(request);
  return /both|end|fail/.test(pathname) ? both(request) : changing(request);
};
`);

const SESSIONS = `
import { nextSession } from "@galleta/session/next";
import { django } from "@galleta/session/formats/django";

const secretKey = () => process.env.SECRET_KEY ?? "";
export const strict = nextSession(() => ({
  secretKey: secretKey(), sessionCookie: "strict", csrf: "strict",
}));
export const beside = nextSession<{ clicks: number }>(() => ({
  property: "beside", secretKey: secretKey(), csrf: "strict",
}));
export const clash = nextSession(() => ({
  property: "clash", secretKey: secretKey(), sessionCookie: "strict",
}));
export const theirs = nextSession(() => ({
  secretKey: secretKey(), sessionCookie: "theirs", writeAs: django({ secretKey: secretKey() }),
}));
`;

const ACTIONS = `
"use server";

import { notFound } from "next/navigation";
import { withSession } from "@/lib/session";
import { beside, clash, strict, theirs } from "@/lib/extra";

export const missing = withSession(async (session) => {
  session.user = "missing";
  notFound();
});
export const guarded = strict.withSession(async (session, form: FormData) => {
  const counts = (session.counts ??= { clicks: 0 });
  counts.clicks += 1;
});
export const guardedBoth = strict.withSession(
  beside.withSession(async (second, session: object, form: FormData) => {
    second.clicks = (second.clicks ?? 0) + 1;
  }),
);
export const clashing = strict.withSession(
  clash.withSession(async (second, session: object, form: FormData) => {}),
);
export const alone = clash.withSession(async (session, form: FormData) => {});
export const write = theirs.withSession(async (session) => {
  session.user = "written";
});
`;

const PAGE = `
import { alone, clashing, guarded, guardedBoth, missing, write } from "./actions";

export default function Extra() {
  return (
    <>
      <form id="missing" action={missing}><button>Go</button></form>
      <form id="guarded" action={guarded}><button>Go</button></form>
      <form id="guardedBoth" action={guardedBoth}><button>Go</button></form>
      <form id="clashing" action={clashing}><button>Go</button></form>
      <form id="alone" action={alone}><button>Go</button></form>
      <form id="write" action={write}><button>Go</button></form>
    </>
  );
}
`;

const READ = `
import { getSession } from "@/lib/session";

export default async function Read() {
  const { user } = await getSession();
  return <p id="told">{user}</p>;
}
`;

const ROUTES = {
  "app/api/token/route.ts": `
import { csrfToken, type SessionOf } from "@galleta/session";
import { beside, strict } from "@/lib/extra";

export const GET = strict.withSession(
  beside.withSession((second, session: SessionOf, request: Request) =>
    Response.json({
      token: csrfToken(session),
      wrong: csrfToken(second),
      clicks: session.counts?.clicks ?? 0,
      both: second.clicks ?? 0,
    }),
  ),
);
`,
  "app/api/write/route.ts": `
import { theirs } from "@/lib/extra";

export const POST = theirs.withSession((session, request: Request) => {
  session.user = "written";
  return Response.json({});
});
`,
};

/** Calls a Server Action by its form, as a browser without JavaScript does. */
async function act(
  app: RunningApp,
  request: Awaited<ReturnType<RunningApp["context"]>>["request"],
  form: string,
  {
    headers = {},
    fields = {},
  }: { headers?: Record<string, string>; fields?: Record<string, string> },
) {
  const page = await (await request.get(`${app.origin}/extra`)).text();
  const [, name = ""] = new RegExp(`id="${form}"[^]*?name="(\\$ACTION_ID_[^"]+)"`).exec(page) ?? [];
  expect(name).not.toBe("");
  return request.post(`${app.origin}/extra`, { headers, multipart: { [name]: "", ...fields } });
}

fullStack({
  name: "next",
  title: "Next.js",
  build: ["next/dist/bin/next", "build"],
  dev: { start: ["node_modules/next/dist/bin/next", "dev", "-p", "$PORT"], file: "lib/session.ts" },
  start: ["node_modules/next/dist/bin/next", "start", "-p", "$PORT"],
  extra: {
    "proxy.ts": PROXY,
    "lib/both-proxy.ts": readExample("two-sessions/next/proxy.ts"),
    "lib/extra.ts": SESSIONS,
    "app/extra/actions.ts": ACTIONS.trimStart(),
    "app/extra/page.tsx": PAGE,
    "app/read/page.tsx": READ,
    ...ROUTES,
  },
  more(app) {
    it("app: an action that throws notFound() keeps the change", async () => {
      const page = await app().page(false);
      await page.goto(`${app().origin}/extra`);
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === "POST"),
        page.locator("#missing button").click(),
      ]);
      expect(answer.status()).toBe(404);
      const told = await page.context().request.get(`${app().origin}/api/count`);
      expect(await told.json()).toMatchObject({ user: "missing" });
    });

    it('app: with csrf: "strict" an action without Origin needs a token', async () => {
      const { request } = await app().context();
      const headers = { origin: app().origin };
      const told = async () => {
        const answer = await request.get(`${app().origin}/api/token`);
        return (await answer.json()) as { token: string; clicks: number };
      };
      expect((await act(app(), request, "guarded", { headers })).ok()).toBe(true);
      const { token, clicks } = await told();
      expect(clicks).toBe(1);
      expect((await act(app(), request, "guarded", {})).status()).toBe(500);
      expect((await act(app(), request, "guarded", { fields: { csrf_token: "x" } })).status()).toBe(
        500,
      );
      expect((await told()).clicks).toBe(1);
      await expect.poll(() => app().server.said).toContain("ERR_SESSION_CSRF");
      const fields = { csrf_token: token };
      expect((await act(app(), request, "guarded", { fields })).ok()).toBe(true);
      expect((await told()).clicks).toBe(2);
    });

    it("app: two sessions, the token of the outer one counts for both", async () => {
      const { request } = await app().context();
      const headers = { origin: app().origin };
      const told = async () => {
        const answer = await request.get(`${app().origin}/api/token`);
        return (await answer.json()) as { token: string; wrong: string; both: number };
      };
      await act(app(), request, "guarded", { headers });
      await act(app(), request, "guardedBoth", { headers });
      const { token, wrong, both } = await told();
      expect(both).toBe(1);
      const fields = (text: string) => ({ fields: { csrf_token: text } });
      expect((await act(app(), request, "guardedBoth", fields(wrong))).status()).toBe(500);
      expect((await told()).both).toBe(1);
      expect((await act(app(), request, "guardedBoth", fields(token))).ok()).toBe(true);
      expect((await told()).both).toBe(2);
    });

    it("app: two sessions, those with one cookie are an error with a code", async () => {
      const { request } = await app().context();
      const headers = { origin: app().origin };
      expect((await act(app(), request, "clashing", { headers })).status()).toBe(500);
      await expect.poll(() => app().server.said).toContain("use the same cookie");
      // Nor may another action use only the second one.
      expect((await act(app(), request, "alone", { headers })).status()).toBe(500);
    });

    it("app: two sessions, the page sees what both proxies changed", async () => {
      const page = await app().page(false);
      await page.goto(`${app().origin}/both/seen`);
      expect(await page.textContent("#user")).toBe("proxy");
      expect(await page.textContent("#theme")).toBe("proxy");
      const told = await page.context().request.get(`${app().origin}/api/both`);
      expect(await told.json()).toEqual({ user: "proxy", theme: "proxy" });
    });

    it("app: two sessions, an error of a route keeps both changes", async () => {
      const { request } = await app().context();
      const failed = await request.post(`${app().origin}/api/fail`);
      expect(failed.status()).toBe(500);
      const told = await request.get(`${app().origin}/api/both`);
      expect(await told.json()).toEqual({ user: "kept", theme: "kept" });
    });

    it("app: a cookie of writeAs that would be encoded is an error with a code", async () => {
      const { request } = await app().context();
      const headers = { origin: app().origin };
      const failed = await act(app(), request, "write", { headers });
      expect(failed.status()).toBe(500);
      expect(failed.headers()["set-cookie"]).toBeUndefined();
      await expect.poll(() => app().server.said).toContain("Next.js would encode this cookie");
      const written = await request.post(`${app().origin}/api/write`, { headers });
      expect(written.headers()["set-cookie"]).toMatch(/^sessionid=[^;]*:/);
    });

    it("app: the proxy prolongs a session that is only read", async () => {
      // A cookie of three days ago: a tenth of its time has passed.
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 3 * 86_400_000 });
      const opened = createSessions({ secretKey: app().key }).open("");
      Object.assign(opened.session, { user: "reader" });
      const [{ name, value } = { name: "", value: "" }] = (await opened.commit()).cookies;
      vi.useRealTimers();
      const ask = (path: string) =>
        fetch(app().origin + path, { headers: { cookie: `${name}=${value}` } });
      const read = await ask("/read");
      expect(await read.text()).toContain("reader");
      expect(read.headers.get("set-cookie")).toMatch(new RegExp(`^${name}=`));
      expect((await ask("/plain")).headers.get("set-cookie")).toBeNull();
    });

    it("app: the page sees its proxy's changes, and both changes survive", async () => {
      const page = await app().page(false);
      await page.goto(`${app().origin}/seen`);
      expect(await page.textContent("#told")).toBe("proxy 0");
      await page.locator("#count button").click();
      await expect.poll(() => page.textContent("#told")).toBe("proxy 1");
      const told = await page.context().request.get(`${app().origin}/api/count`);
      expect(await told.json()).toEqual({ user: "proxy", clicks: 1 });
    });

    it("app: changes by the proxy and an action in one request both survive", async () => {
      const page = await app().page(false);
      await page.goto(`${app().origin}/seen`);
      await page.context().clearCookies();
      await page.locator("#count button").click();
      await expect.poll(() => page.textContent("#told")).toBe("proxy 1");
      const told = await page.context().request.get(`${app().origin}/api/count`);
      expect(await told.json()).toEqual({ user: "proxy", clicks: 1 });
    });

    it("app: changes by the proxy and a route handler in one request both survive", async () => {
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
