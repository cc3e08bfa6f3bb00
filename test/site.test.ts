import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CHROMIUM, launchBrowser } from "./support/browser.ts";
import { available } from "./support/require.ts";

// The docs site as `npm run docs` builds it. SITE_BUILT=1 takes what is built already.
const DOCS = fileURLToPath(new URL("../docs/", import.meta.url));
const DIST = join(DOCS, ".vitepress/dist");
const isInstalled = existsSync(join(DOCS, "node_modules/vitepress"));
if (!isInstalled) {
  const message = "The tests of the docs site need: npm run runtimes";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED. ${message}`);
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** The file of an address, as a host of static files finds it: `/options` is `options.html`. */
function fileOf(path: string): string | undefined {
  const names = [path, `${path}.html`, posix.join(path, "index.html")];
  return names.find((name) => {
    const file = join(DIST, name);
    return existsSync(file) && statSync(file).isFile();
  });
}

function serveSite(): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    const file = fileOf(decodeURIComponent(pathname));
    response.statusCode = file === undefined ? 404 : 200;
    response.setHeader("content-type", TYPES[extname(file ?? "")] ?? "application/octet-stream");
    response.end(file === undefined ? undefined : readFileSync(join(DIST, file)));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

const sources = readdirSync(DOCS, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md") && !name.includes("node_modules"))
  .toSorted();
const addressOf = (source: string) => `/${source.replace(/(?:index)?\.md$/, "")}`;
/** The blocks of code of a page's source, which other tests compile and run. */
const blocksOf = (source: string) =>
  [...readFileSync(join(DOCS, source), "utf8").matchAll(/^( *)```\w*[^\n]*\n(.*?)^ *```$/gms)].map(
    ([, indent = "", code = ""]) => code.replaceAll(new RegExp(`^${indent}`, "gm"), "").trimEnd(),
  );

/** Each of these pages has much of something: code, tables, headings, text. */
const WHOLE = ["guide.md", "options.md", "errors.md", "runtimes.md"];

describe.runIf(isInstalled && available(CHROMIUM))("the docs site", () => {
  let server: Server;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let origin: string;
  let complaints: string[];

  beforeAll(async () => {
    if (process.env["SITE_BUILT"] !== "1") {
      await promisify(execFile)("npm", ["run", "docs"], { cwd: join(DOCS, "..") });
    }
    server = await serveSite();
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchBrowser();
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });
  beforeEach(async () => {
    complaints = [];
    context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
    page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (!/^(?:data|blob):/.test(request.url()) && !request.url().startsWith(`${origin}/`))
        complaints.push(`asked for ${request.url()}`);
    });
  });
  afterEach(async () => {
    await context?.close();
    expect(complaints).toEqual([]);
  });

  const violations = async (of: Page) => {
    // What fades in has too little contrast until it is there.
    await of.evaluate(() => {
      for (const change of document.getAnimations()) {
        if (change instanceof CSSTransition) change.finish();
      }
    });
    await of.evaluate(axe.source);
    const found = await of.evaluate(
      (given) =>
        (
          globalThis as unknown as {
            axe: { run(options: object): Promise<{ violations: Violation[] }> };
          }
        ).axe.run(given),
      { resultTypes: ["violations"] },
    );
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  };

  /**
   * Leaves one token of code for each colour, and three links of the sidebar: axe needs seconds for
   * hundreds of equal ones. The pages in {@link WHOLE} are checked without this.
   */
  const thinOut = (of: Page) =>
    of.evaluate(() => {
      const seen = new Set<string | null>();
      for (const token of document.querySelectorAll("pre code span[style]")) {
        const style = token.getAttribute("style");
        if (seen.has(style)) token.remove();
        seen.add(style);
      }
      const links = document.querySelectorAll(".VPSidebarItem.is-link:not(.is-active)");
      for (const link of [...links].slice(3)) link.remove();
    });

  it("links to addresses and anchors that exist", () => {
    const dead: string[] = [];
    const files = readdirSync(DIST, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".html"),
    );
    const anchors = new Map<string, Set<string>>();
    const anchorsOf = (file: string) => {
      const known = anchors.get(file);
      if (known !== undefined) return known;
      const text = readFileSync(join(DIST, file), "utf8");
      const found = new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id = ""]) => id));
      anchors.set(file, found);
      return found;
    };
    for (const file of files) {
      const text = readFileSync(join(DIST, file), "utf8").replaceAll(
        /<script\b.*?<\/script>/gs,
        "",
      );
      for (const [, link = ""] of text.matchAll(/<[a-z]+\s[^>]*?\b(?:href|src)="([^"]*)"/g)) {
        const url = new URL(link.replaceAll("&amp;", "&"), `https://galleta.js.org/${file}`);
        if (url.origin !== "https://galleta.js.org") continue;
        const target = fileOf(decodeURIComponent(url.pathname));
        const id = decodeURIComponent(url.hash.slice(1));
        if (target === undefined || (id !== "" && !anchorsOf(target.replace(/^\//, "")).has(id)))
          dead.push(`${file}: ${link}`);
      }
    }
    expect(files.length).toBeGreaterThan(sources.length);
    expect([...new Set(dead)]).toEqual([]);
  });

  it("has every page in its sidebar", async () => {
    await page.goto(`${origin}/`);
    const links = await page
      .locator(".VPSidebar a")
      .evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(sources.map(addressOf).filter((address) => !links.includes(address))).toEqual([]);
  });

  it("copies a command and a block of code as they stand", async () => {
    await page.goto(`${origin}/`);
    const copied: string[] = [];
    for (const button of await page.locator(".vp-doc button.copy").all()) {
      await button.click();
      copied.push(await page.evaluate(() => navigator.clipboard.readText()));
    }
    expect(copied.map((text) => text.trimEnd())).toEqual(blocksOf("index.md"));
    expect(copied[0]).toContain("npm install @galleta/session");
  });

  it.each([
    ["remember me", "/remember-me"],
    ["ERR_SESSION_COMMITTED", "/errors#err_session_committed"],
    ["trustProxy", "/options#trustproxy"],
  ])("finds %s without a network", async (words, address) => {
    await page.goto(`${origin}/guide`);
    await page.locator("button.DocSearch-Button").click();
    await page.locator("#localsearch-input").fill(words);
    const first = page.locator("#localsearch-list a.result");
    await first.first().waitFor();
    const found = await first.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(found.slice(0, 3)).toContainEqual(expect.stringContaining(address));
  });

  describe("each page", { timeout: 120_000 }, () => {
    let shared: Page;
    beforeAll(async () => {
      shared = await (await browser.newContext()).newPage();
    });
    afterAll(() => shared?.context().close());

    it.each(sources)(
      "%s is accessible, copied as it stands, and fits on a phone",
      async (source) => {
        await shared.setViewportSize({ width: 320, height: 640 });
        await shared.goto(`${origin}${addressOf(source)}`);
        const shown = await shared.evaluate(() => ({
          code: [...document.querySelectorAll(".vp-doc div[class*='language-'] pre code")].map(
            ({ textContent }) => textContent?.trimEnd(),
          ),
          overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        }));
        expect(shown).toEqual({ code: blocksOf(source), overflow: 0 });
        await shared.setViewportSize({ width: 1200, height: 900 });
        if (!WHOLE.includes(source)) await thinOut(shared);
        expect(await violations(shared)).toEqual([]);
      },
    );

    it.each(WHOLE)("%s in dark", async (source) => {
      await shared.emulateMedia({ colorScheme: "dark" });
      await shared.goto(`${origin}${addressOf(source)}`);
      expect(await shared.locator("html.dark").count()).toBe(1);
      expect(await violations(shared)).toEqual([]);
    });
  });
});

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}
