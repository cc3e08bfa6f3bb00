import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { APIRequestContext, Page } from "playwright-core";
import { expect, it } from "vitest";
import { EXAMPLES } from "./places.mjs";
import type { RunningApp } from "./suite.ts";

const TWO = join(EXAMPLES, "two-sessions");

/** The files that give an example a second session, by their path in it; `undefined` without. */
export function secondSession(name: string): Readonly<Record<string, string>> | undefined {
  const folder = join(TWO, name);
  if (!existsSync(folder)) return undefined;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = files
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name));
  return Object.fromEntries(
    paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
  );
}

/** Lets the first session trust an Origin that the second does not, and one that both do. */
export function trusting(text: string): string {
  const trusted = `trustedOrigins: ["https://both.example", "https://session.example"]`;
  const changed = text.replace('?? ""', `$&, ${trusted}`);
  if (changed === text) throw new Error("The options of the first session were not found.");
  return changed;
}

/**
 * Rows about two sessions of one request.
 *
 * @param open opens the page /both
 */
export function twoSessions(
  app: () => RunningApp,
  open: (javaScript: boolean) => Promise<Page>,
): void {
  const from = (request: APIRequestContext, path: string, origin = app().origin) =>
    request.post(app().origin + path, { headers: { origin }, data: {} });
  const told = async (request: APIRequestContext, headers = {}) =>
    (await request.get(`${app().origin}/api/both`, { headers })).json() as Promise<object>;
  const cookiesOf = async (page: Page) =>
    new Map((await page.context().cookies()).map((each) => [each.name, each]));

  it.each([
    ["with JavaScript", true],
    ["without JavaScript", false],
  ])("app: two sessions, a form changes both, %s", async (_mode, javaScript) => {
    const page = await open(javaScript);
    await page.locator("#both button").click();
    await page.locator("#theme", { hasText: /^dark$/ }).waitFor();
    await page.locator("#user", { hasText: /^ann$/ }).waitFor();
    const cookies = await cookiesOf(page);
    expect([...cookies.keys()].toSorted()).toEqual(["prefs", "session"]);
    const [session, prefs] = [cookies.get("session")!, cookies.get("prefs")!];
    expect([session.sameSite, prefs.sameSite]).toEqual(["Lax", "Strict"]);
    expect([session.httpOnly, prefs.httpOnly]).toEqual([true, true]);
    const days = (expires: number) => Math.round((expires - Date.now() / 1000) / 86_400);
    expect([days(session.expires), days(prefs.expires)]).toEqual([14, 365]);
  });

  it("app: two sessions, a route that changes both has one Vary", async () => {
    const { request } = await app().context();
    const response = await from(request, "/api/both");
    expect(await response.json()).toEqual({ user: "ann", theme: "dark" });
    const all = response.headersArray();
    const set = all.filter(({ name }) => name.toLowerCase() === "set-cookie");
    expect(set.map(({ value }) => value.split("=")[0]).toSorted()).toEqual(["prefs", "session"]);
    const vary = all.filter(({ name }) => name.toLowerCase() === "vary").map(({ value }) => value);
    expect(vary.join(", ").match(/\bcookie\b/gi)).toHaveLength(1);
    expect(await told(request)).toEqual({ user: "ann", theme: "dark" });
  });

  it.each([
    ["session", { user: null, theme: "dark" }],
    ["prefs", { user: "ann", theme: null }],
  ])("app: two sessions, the end of %s leaves the other", async (which, left) => {
    const { request, cookies } = await app()
      .context()
      .then((context) => ({
        request: context.request,
        cookies: () => context.cookies(),
      }));
    await from(request, "/api/both");
    expect((await from(request, `/api/end/${which}`)).ok()).toBe(true);
    expect(await told(request)).toEqual(left);
    expect((await cookies()).map(({ name }) => name)).toEqual(
      which === "prefs" ? ["session"] : ["prefs"],
    );
  });

  it("app: two sessions, each checks where a request comes from", async () => {
    const { request } = await app().context();
    const statuses: [string, number][] = [];
    for (const who of ["both", "session", "prefs", "evil"]) {
      const response = await from(request, "/api/both", `https://${who}.example`);
      statuses.push([who, response.status()]);
    }
    expect(statuses).toEqual([
      ["both", 200],
      ["session", 403],
      ["prefs", 403],
      ["evil", 403],
    ]);
  });

  it("app: two sessions, the cookie of one is no cookie of the other", async () => {
    const context = await app().context();
    await from(context.request, "/api/both");
    const [session, prefs] = ["session", "prefs"].map(
      async (name) => (await context.cookies()).find((each) => each.name === name)?.value,
    );
    const cookie = `prefs=${await session}; session=${await prefs}`;
    const other = await app().context();
    expect(await told(other.request, { cookie })).toEqual({ user: null, theme: null });
  });
}
