import { fileURLToPath } from "node:url";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { App, configure, flash } from "galleta";
import { LiveServer } from "galleta/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CHROMIUM, launchBrowser } from "./support/browser.ts";
import { available } from "./support/require.ts";

// The page as people see it. UPDATE_SCREENSHOTS=1 also takes the pictures of docs/inspect.md.
const PICTURES = process.env["UPDATE_SCREENSHOTS"] === "1";
const picture = (name: string) => fileURLToPath(new URL(`../docs/${name}.png`, import.meta.url));

function makeApp(): App<Record<string, unknown>> {
  const app = new App<Record<string, unknown>>();
  configure(app, { SESSIONS: { secretKey: "a-key-that-is-long-enough-0123456789abcdef" } });
  app.route("/", (req, res) => {
    req.session["user"] = "alice";
    req.session["cart"] = [{ item: "alfajor", count: 2 }];
    flash(req.session, "notice", "Added to your cart");
    res.html =
      '<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:," />';
  });
  app.route("/buy", { methods: ["POST"] }, (_req, res) => {
    res.text = "bought";
  });
  return app;
}

describe.runIf(available(CHROMIUM))("the inspector in a browser", () => {
  let browser: Browser;
  let server: LiveServer;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    vi.stubEnv("NODE_ENV", "development");
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    // Grey edges of letters make smaller pictures.
    browser = await launchBrowser(["--disable-lcd-text"]);
    server = await LiveServer.start(makeApp());
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
  beforeEach(async () => {
    complaints = [];
    context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    page = await context.newPage();
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  });
  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  /** The findings of axe-core on a page whose CSP allows no script. */
  async function violations() {
    await page.evaluate(axe.source);
    const results = await page.evaluate(() =>
      (globalThis as unknown as { axe: { run(): Promise<{ violations: unknown[] }> } }).axe.run(),
    );
    return results.violations;
  }

  it.each(["light", "dark"] as const)("is right in %s", async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${server.url}/`);
    await fetch(`${server.url}/buy`, { method: "POST", headers: { origin: "https://a.example" } });
    const response = await page.goto(`${server.url}/.galleta/`);
    expect(response?.status()).toBe(200);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Session inspector");
    expect(await page.getByRole("heading", { level: 2 }).count()).toBe(4);
    expect(await page.locator("pre").first().textContent()).toContain('"user": "alice"');
    // The token can be copied: a selection leaves out the numbers between its fields.
    const [cookie] = await context.cookies();
    const copied = await page.evaluate(() => {
      document.getSelection()?.selectAllChildren(document.querySelector(".token")!);
      return document.getSelection()?.toString();
    });
    expect(copied).toBe(cookie?.value);
    // The style works, and follows the colour scheme.
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe(colorScheme === "light" ? "rgb(247, 243, 236)" : "rgb(22, 18, 14)");
    expect(await violations()).toEqual([]);
    await page.evaluate(() => document.getSelection()?.removeAllRanges());
    if (PICTURES)
      await page.screenshot({ path: picture(`inspector-${colorScheme}`), fullPage: true });
  });

  it("is right without a session, with a rejected one, and on a phone", async () => {
    await page.goto(`${server.url}/.galleta/`);
    expect(await page.getByText("None yet").isVisible()).toBe(true);
    expect(await violations()).toEqual([]);
    await context.addCookies([{ name: "session", value: "UwA".padEnd(90, "A"), url: server.url }]);
    await page.setViewportSize({ width: 360, height: 800 });
    await page.goto(`${server.url}/.galleta/`);
    expect(await page.getByText("Cookie rejected").first().isVisible()).toBe(true);
    expect(await violations()).toEqual([]);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
  });

  it("works with only the keyboard, and without scripts", async () => {
    const still = await browser.newContext({ javaScriptEnabled: false });
    const quiet = await still.newPage();
    await quiet.goto(`${server.url}/.galleta/`);
    await quiet.keyboard.press("Tab");
    const link = quiet.getByRole("link", { name: "Look again" });
    expect(await link.evaluate((element) => element === document.activeElement)).toBe(true);
    await Promise.all([quiet.waitForNavigation(), quiet.keyboard.press("Enter")]);
    expect(quiet.url()).toBe(`${server.url}/.galleta/`);
    await still.close();
  });

  it("cannot be read by a script of the app, whose cookie is HttpOnly", async () => {
    await page.goto(`${server.url}/`);
    const status = await page.evaluate(async () => (await fetch("/.galleta/")).status);
    expect(status).toBe(404);
    // The console says that the fetch failed, and nothing else.
    expect(complaints.splice(0)).toHaveLength(1);
    // A window that it opens is out of its reach.
    const read = await page.evaluate(async () => {
      const opened = window.open("/.galleta/")!;
      while (!opened.closed) await new Promise((resolve) => setTimeout(resolve, 20));
      try {
        return opened.document.body.textContent;
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(read).toBe("SecurityError");
    const popup = context.pages().find((each) => each !== page);
    await popup?.waitForLoadState();
    expect(await popup?.title()).toBe("Session inspector");
  });
});
