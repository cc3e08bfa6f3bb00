// "Remember me" and "where am I signed in" in real browsers, on the todo app.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CHROMIUM, launchBrowser } from "./support/browser.ts";
import { available } from "./support/require.ts";

describe.runIf(available(CHROMIUM))("signing in", () => {
  let server: { readonly url: string; close(): Promise<void> };
  let browser: Browser;
  const opened: BrowserContext[] = [];

  async function start(env: Record<string, string> = {}): Promise<void> {
    vi.resetModules();
    vi.stubEnv("SECRET_KEY", "the todo app's key in its tests, long enough");
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const { LiveServer } = await import("galleta/testing");
    const { app } = await import("../examples/todos/app.ts");
    server = await LiveServer.start(app);
  }

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(() => {
    opened.length = 0;
  });
  afterEach(async () => {
    for (const context of opened) await context.close();
    await server.close();
    vi.unstubAllEnvs();
  });

  async function open(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    await page.goto(server.url);
    await page.getByText("Feed: live").waitFor();
    return page;
  }

  async function signIn(page: Page, { remember = false } = {}): Promise<void> {
    await page.getByLabel("Sign in as").fill("Ana");
    if (remember) await page.getByLabel("Remember me").check();
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Where Ana is signed in").waitFor();
  }

  async function signedIn(agent: string): Promise<{ context: BrowserContext; page: Page }> {
    const context = await browser.newContext({ userAgent: agent });
    opened.push(context);
    const page = await open(context);
    await signIn(page);
    return { context, page };
  }

  const devices = (page: Page) => page.locator("#devices li").allTextContents();

  /** Who the server takes a cookie for, sent by a thief who saved it. */
  async function nameFor(cookie: string): Promise<string | null> {
    const response = await fetch(`${server.url}/devices`, { headers: { cookie } });
    return ((await response.json()) as { name: string | null }).name;
  }

  async function cookieOf(context: BrowserContext): Promise<string> {
    const [cookie] = await context.cookies();
    return `${cookie?.name}=${cookie?.value}`;
  }

  it.each([
    { remember: true, isKept: true },
    { remember: false, isKept: false },
  ])(
    "a box that is ticked ($remember) survives a restart of the browser ($isKept)",
    async (row) => {
      await start();
      const folder = mkdtempSync(join(tmpdir(), "galleta-profile-"));
      const launch = () =>
        chromium.launchPersistentContext(folder, {
          executablePath: "/usr/bin/chromium",
          args: [
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
          ],
        });
      try {
        const before = await launch();
        await signIn(await open(before), row);
        const saved = await cookieOf(before);
        await before.close();
        const after = await launch();
        opened.push(after);
        const page = await open(after);
        const answer = await page.evaluate(async () => (await fetch("/devices")).json());
        expect(answer).toMatchObject({ name: row.isKept ? "Ana" : null });
        // The session itself goes on until it expires; only the browser has forgotten it.
        expect(await nameFor(saved)).toBe("Ana");
        await after.close();
        opened.length = 0;
      } finally {
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  );

  it("two browsers see each other, and one ends the other: its socket and its cookie", async () => {
    await start();
    const linux = await signedIn("Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0");
    const phone = await signedIn("Mozilla/5.0 (Android 15; Mobile) Firefox/130.0");
    await linux.page.reload();
    await expect.poll(() => devices(linux.page)).toHaveLength(2);
    const list = await devices(linux.page);
    expect(list.filter((text) => text.includes("Firefox on Linux"))[0]).toContain("(this one)");
    expect(list.filter((text) => text.includes("Firefox on Android"))).toHaveLength(1);
    const saved = await cookieOf(phone.context);
    expect(await nameFor(saved)).toBe("Ana");

    await linux.page.getByRole("button", { name: "End" }).click();
    await phone.page.getByText("Feed: session ended").waitFor();
    expect(await nameFor(saved)).toBeNull();
    await expect.poll(() => devices(linux.page)).toHaveLength(1);
    expect(await linux.page.getByText("Feed: live").count()).toBe(1);
    // A page whose session ended can add nothing more.
    expect(await phone.page.getByRole("button", { name: "Add" }).isDisabled()).toBe(true);
  });

  it("the third login of maxSessions: 2 ends the first", async () => {
    await start({ MAX_SESSIONS: "2" });
    const first = await signedIn("Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0");
    const saved = await cookieOf(first.context);
    const second = await signedIn("Mozilla/5.0 (Android 15; Mobile) Firefox/130.0");
    expect(await first.page.getByText("Feed: live").count()).toBe(1);
    const third = await signedIn("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0");
    await first.page.getByText("Feed: session ended").waitFor();
    expect(await nameFor(saved)).toBeNull();
    expect(await nameFor(await cookieOf(second.context))).toBe("Ana");
    await expect.poll(() => devices(third.page)).toHaveLength(2);
  });

  it("log out everywhere ends all of them, and no other user's sessions", async () => {
    await start();
    const one = await signedIn("Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0");
    const two = await signedIn("Mozilla/5.0 (Android 15; Mobile) Firefox/130.0");
    const stranger = await browser.newContext();
    opened.push(stranger);
    const other = await open(stranger);
    const saved = await cookieOf(two.context);
    await one.page.getByRole("button", { name: "Log out everywhere" }).click();
    for (const { page } of [one, two]) await page.getByText("Feed: session ended").waitFor();
    expect(await nameFor(saved)).toBeNull();
    expect(await one.context.cookies()).toEqual([]);
    expect(await other.getByText("Feed: live").count()).toBe(1);
  });

  it("reports that the server is unreachable, and shows new todos after its restart", async () => {
    await start();
    const context = await browser.newContext();
    opened.push(context);
    const page = await open(context);
    await expect.poll(() => page.locator("#unseen li").count()).toBe(3);
    const add = async (content: string) => {
      await page.getByLabel("New todo").fill(content);
      await page.getByRole("button", { name: "Add" }).click();
    };
    await add("   ");
    await page.getByRole("alert").getByText("A todo needs some content.").waitFor();
    await context.setOffline(true);
    await add("lost");
    await page.getByRole("alert").getByText("The server cannot be reached.").waitFor();
    await context.setOffline(false);
    await add("Fourth");
    await expect.poll(() => page.locator("#unseen li").allTextContents()).toContain("Fourth");
    // A restart: the same address, another list whose ids begin anew.
    const { port } = new URL(server.url);
    await server.close();
    vi.resetModules();
    const { serve } = await import("galleta");
    const { app } = await import("../examples/todos/app.ts");
    server = await serve(app, { port: Number(port), hostname: "127.0.0.1" });
    await page.getByText("Feed: live").waitFor();
    await add("After the restart");
    await expect
      .poll(() => page.locator("#unseen li").allTextContents(), { timeout: 10_000 })
      .toContain("After the restart");
    await page.getByText("All todos").click();
    await expect.poll(() => page.locator("#all li").count()).toBe(4);
  });
});
