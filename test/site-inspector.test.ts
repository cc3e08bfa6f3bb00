import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { createSessions } from "@galleta/session";
import type { Commit } from "@galleta/session/adapter";
import { inspectCookies } from "@galleta/inspect";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CHROMIUM, launchBrowser } from "./support/browser.ts";
import { available } from "./support/require.ts";

// The page of the docs site that looks into cookies, as a file that somebody saved.
const ROOT = fileURLToPath(new URL("../", import.meta.url));
const isInstalled = existsSync(join(ROOT, "docs/node_modules/@noble/hashes"));
if (!isInstalled) {
  const message = "The tests of the docs site need: npm run runtimes";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED. ${message}`);
}

const KEY = "a key for tests of more than thirty-two characters";

function cookieOf(options: object = {}): string {
  const context = createSessions<{ user?: string }>({ secretKey: KEY, ...options }).open("");
  context.session.user = "alice";
  return (context.commit() as Commit).setCookie[0] ?? "";
}

/** A cookie that the real framework wrote on 2025-01-01, and its key. */
function vector(name: string): { cookie: string; key: string } {
  const path = join(ROOT, `test/vectors/${name}.json`);
  const all = JSON.parse(readFileSync(path, "utf8")) as Record<string, string> & {
    big?: { set_cookie: string };
    set_cookie?: string | string[];
  };
  const lines = [all.big?.set_cookie ?? all.set_cookie ?? `session=${all["value"]}`].flat();
  const cookie = lines.map((line) => line.split(";")[0]).join("; ");
  return { cookie, key: all["secret"] ?? all["password"] ?? all["secret_key_base"] ?? "" };
}

describe.runIf(isInstalled && available(CHROMIUM))("the inspector of the docs site", () => {
  let folder: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let requests: string[];
  let complaints: string[];

  beforeAll(async () => {
    mkdirSync(join(ROOT, ".scratch"), { recursive: true });
    folder = mkdtempSync(join(ROOT, ".scratch/inspector-"));
    await promisify(execFile)("node", [join(ROOT, "docs/inspector/build.mjs"), folder]);
    browser = await launchBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    requests = [];
    complaints = [];
    context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    await context.setOffline(true);
    page = await context.newPage();
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(pathToFileURL(join(folder, "index.html")).href);
  });
  afterEach(async () => {
    await context?.close();
    expect(requests.filter((url) => !/^(?:data:|file:.*index\.html$)/.test(url))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  const verdict = () => page.locator("#report .badge").first().textContent();
  const report = () => page.locator("#report").textContent();
  const violations = async () => {
    await page.evaluate(axe.source);
    const found = await page.evaluate(() =>
      (
        globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string }[] }> };
        }
      ).axe.run(),
    );
    return found.violations.map(({ id }) => id);
  };

  it.each([
    ["signed", {}],
    ["encrypted", { encrypt: true }],
  ])("verifies a %s cookie with its key, and takes it apart", async (kind, options) => {
    const cookie = cookieOf(options);
    await page.locator("#cookie").fill(cookie);
    expect(await verdict()).toBe("Not verified");
    await page.locator("#key").fill(`another key of more than thirty-two characters\n${KEY}`);
    expect(await verdict()).toBe("Valid");
    expect(await report()).toContain(kind);
    expect(JSON.parse((await page.locator("#report pre").textContent()) ?? "")).toEqual({
      user: "alice",
    });
    const parts = await page.locator(".token .part").evaluateAll((all) =>
      all.map((part) => ({
        text: part.lastChild?.textContent,
        color: getComputedStyle(part).backgroundColor,
      })),
    );
    const [, value = ""] = /=([^;]*)/.exec(cookie) ?? [];
    expect(parts.map(({ text }) => text).join("")).toBe(value);
    expect(new Set(parts.map(({ color }) => color)).size).toBe(parts.length);
  });

  it("says why a cookie is rejected", async () => {
    const [, value = ""] = /=([^;]*)/.exec(cookieOf()) ?? [];
    const flipped = value.at(40) === "A" ? "B" : "A";
    await page.locator("#key").fill(KEY);
    await page.locator("#cookie").fill(value.slice(0, 40) + flipped + value.slice(41));
    expect(await verdict()).toBe("Rejected");
    expect(await report()).toContain("Its signature is wrong");
    await page.locator("#cookie").fill(value);
    await page.locator("#key").fill("another key of more than thirty-two characters");
    expect(await report()).toContain("It was made with another key.");
    await page.locator("#cookie").fill("what");
    expect(await verdict()).toBe("Unknown");
  });

  it.each(["starlette", "flask", "django", "cookie-session", "iron-session", "rails"])(
    "verifies a cookie of %s as the command does",
    async (name) => {
      const { cookie, key } = vector(name);
      const now = Date.UTC(2025, 0, 1, 0, 0, 5);
      const [expected] = inspectCookies(cookie, { secretKey: key, now });
      expect(expected?.status).toBe("valid");
      await page.clock.setFixedTime(now);
      await page.locator("#cookie").fill(cookie);
      await page.locator("#key").fill(key);
      expect(await verdict()).toBe("Valid");
      const shown = await page.locator("#report pre").first().textContent();
      expect(JSON.parse(shown ?? "")).toEqual(expected?.data);
      await page.locator("#key").fill(`${key}!`);
      expect(await verdict()).toBe("Rejected");
    },
  );

  it("has an example that is valid", async () => {
    await page.getByRole("button", { name: "Try an example" }).click();
    expect(await verdict()).toBe("Valid");
    expect(await report()).toContain("alfajor");
  });

  it.each(["light", "dark"] as const)("is usable in %s, and on a phone", async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    expect(await violations()).toEqual([]);
    await page.getByRole("button", { name: "Try an example" }).click();
    expect(await violations()).toEqual([]);
    await page.setViewportSize({ width: 320, height: 640 });
    const tooWide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(tooWide).toBe(0);
  });

  it("forbids every request by its policy", async () => {
    const blocked = await page.evaluate(async () => {
      const violation = new Promise<string>((resolve) => {
        document.addEventListener("securitypolicyviolation", (event) =>
          resolve(event.effectiveDirective),
        );
      });
      await fetch("https://evil.example/").catch(() => undefined);
      return violation;
    });
    expect(blocked).toBe("connect-src");
    complaints = complaints.filter((text) => !text.includes("Content Security Policy"));
    requests = requests.filter((url) => url !== "https://evil.example/");
  });
});
