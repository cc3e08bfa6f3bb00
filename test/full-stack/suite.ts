import { randomBytes } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { APIResponse, Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CHROMIUM, launchBrowser } from "../support/browser.ts";
import { makeCertificate, OPENSSL } from "../support/certificate.ts";
import { noteOutcomes } from "../support/outcomes.ts";
import { available } from "../support/require.ts";
import { startAttacker, startProxy, type Front } from "./front.ts";
import { isInstalled, Project, type Server } from "./project.ts";
import { secondSession, trusting, twoSessions } from "./two-sessions.ts";

/** How an app is built and started. */
export interface FullStack {
  /** The folder in examples/full-stack. */
  readonly name: string;
  /** As the matrix names it. */
  readonly title: string;
  /** The script of the package that builds, and its arguments. */
  readonly build: readonly [script: string, ...args: string[]];
  /** What Node starts in production; `$PORT` is the port. */
  readonly start: readonly string[];
  /** What the server needs in its environment beside the key. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whether the server believes nothing but a proxy about its scheme. */
  readonly needsProxy?: boolean;
  /** What Node starts in development, and the file that sets the sessions up. */
  readonly dev: { readonly start: readonly string[]; readonly file: string };
  /** The file with the options of the session, where `dev.file` has none. */
  readonly options?: string;
  /** Checks the types of the app, where its build does not: scripts and their arguments. */
  readonly types?: readonly (readonly [script: string, ...args: string[]])[];
  /** Whether pages run without JavaScript of their own. */
  readonly scriptless?: boolean;
  /** Files that the app has in this test alone, by their path. They may change those of the example. */
  readonly extra?: Readonly<Record<string, string>>;
  /** More rows. */
  readonly more?: (app: () => RunningApp) => void;
}

/** An app that was built and serves. */
export interface RunningApp {
  readonly project: Project;
  readonly server: Server;
  /** Its SECRET_KEY. */
  readonly key: string;
  /** Where its pages are. */
  readonly origin: string;
  context(javaScript?: boolean): Promise<BrowserContext>;
  page(javaScript?: boolean): Promise<Page>;
}

/** The rows of the matrix in the documentation. */
const matrix = readFileSync(new URL("../../docs/adapters/full-stack.md", import.meta.url), "utf8")
  .split("\n")
  .map((line) => line.split("|").slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim()));
const COLUMNS = matrix.find((cells) => cells.length === 7) ?? [];

const KEY = randomBytes(32).toString("base64url");

/** Runs the same visits against a framework's app, in production, in a real browser. */
export function fullStack(options: FullStack): void {
  const { name, title } = options;
  const second = secondSession(name);
  const runs = isInstalled(name) && available(CHROMIUM, OPENSSL);
  describe.runIf(runs)(`${title}, built and started`, { timeout: 120_000 }, () => {
    noteOutcomes(title);
    let browser: Browser;
    let app: RunningApp;
    let proxy: Front | undefined;
    const contexts: BrowserContext[] = [];
    const opened: { close(): void }[] = [];

    beforeAll(async () => {
      const project = await Project.create(name);
      const files = { ...second, ...options.extra };
      for (const [path, text] of Object.entries(files)) project.write(path, text);
      const file = options.options ?? options.dev.file;
      const sessions = readFileSync(join(project.folder, file), "utf8");
      if (second !== undefined) project.write(file, trusting(sessions));
      // The build knows no key: what it must not need, it is not given.
      await project.run(...split(options.build));
      const env = { ...options.env, SECRET_KEY: KEY, NODE_ENV: "production" };
      const server = await project.start(options.start, env);
      if (options.needsProxy === true) proxy = await startProxy(server.port);
      browser = await launchBrowser();
      const origin = proxy?.origin ?? server.origin;
      const context = async (javaScriptEnabled = true) => {
        const made = await browser.newContext({ javaScriptEnabled, ignoreHTTPSErrors: true });
        contexts.push(made);
        return made;
      };
      const page = async (javaScript?: boolean) => (await context(javaScript)).newPage();
      app = { project, server, key: KEY, origin, context, page };
    }, 600_000);
    afterEach(async () => {
      await Promise.all(contexts.splice(0).map((context) => context.close()));
      for (const front of opened.splice(0)) front.close();
    });
    afterAll(async () => {
      await browser?.close();
      proxy?.close();
      await app?.server.stop();
    });

    const withoutScript = new WeakSet<BrowserContext>();
    const open = async (javaScript: boolean, origin = app.origin) => {
      const context = await app.context(javaScript);
      if (!javaScript || options.scriptless === true) withoutScript.add(context);
      const page = await context.newPage();
      await visit(page, "/", origin);
      return page;
    };
    const visit = async (page: Page, path = "/", origin = app.origin) => {
      const response = await page.goto(origin + path);
      if (["/", "/both"].includes(path) && !withoutScript.has(page.context())) {
        await page.locator("html[data-ready]").waitFor({ state: "attached" });
      }
      return response;
    };
    const submit = (page: Page, form: string) => page.locator(`#${form} button`).click();
    const shows = (page: Page, id: string, text: string) =>
      page.locator(`#${id}`, { hasText: new RegExp(`^${text}$`) }).waitFor({ state: "attached" });
    const login = async (page: Page, user: string) => {
      await page.fill("#login input[name=user]", user);
      await submit(page, "login");
      await shows(page, "user", user);
    };

    describe.each([
      ["with JavaScript", true],
      ["without JavaScript", false],
    ])("%s", (mode, javaScript) => {
      it(`app: login and logout, ${mode}`, async () => {
        const page = await open(javaScript);
        await shows(page, "user", "nobody");
        const before = await page.context().cookies();
        await login(page, "ann");
        await visit(page);
        await shows(page, "user", "ann");
        const other = await page.context().newPage();
        await visit(other);
        await shows(other, "user", "ann");
        await submit(page, "logout");
        await shows(page, "user", "nobody");
        await visit(other);
        await shows(other, "user", "nobody");
        expect([before, await page.context().cookies()]).toEqual([[], []]);
      });

      it(`app: a nested change is kept, ${mode}`, async () => {
        const page = await open(javaScript);
        for (const clicks of ["1", "2"]) {
          await submit(page, "count");
          await shows(page, "clicks", clicks);
        }
        await visit(page);
        await shows(page, "clicks", "2");
      });

      it(`app: a flash message is shown once, ${mode}`, async () => {
        const page = await open(javaScript);
        await page.fill("#add input[name=text]", "milk");
        await submit(page, "add");
        await page.locator("#todos li", { hasText: "milk" }).waitFor();
        await shows(page, "notice", "Added");
        await visit(page);
        await shows(page, "notice", "");
        expect(await page.locator("#todos li").allTextContents()).toEqual(["milk"]);
      });
    });

    it("app: a changed cookie is an empty session", async () => {
      const page = await open(true);
      await login(page, "ann");
      const [cookie] = await page.context().cookies();
      const value = `${cookie?.value.slice(0, -1)}${cookie?.value.endsWith("A") ? "B" : "A"}`;
      await page.context().addCookies([{ ...cookie!, value }]);
      const response = await visit(page);
      expect(response?.status()).toBe(200);
      await shows(page, "user", "nobody");
    });

    /** A page of another port on the same host posts a form of ours: the cookie goes with it. */
    const attack = async (page: Page, html: string, status: (all: number[]) => void) => {
      const attacker = await startAttacker(() => html);
      opened.push(attacker);
      const statuses: number[] = [];
      page.on("response", (response) => {
        if (response.request().method() === "POST") statuses.push(response.status());
      });
      await page.goto(attacker.origin);
      await page.evaluate(() => (globalThis as unknown as { attack(): Promise<void> }).attack());
      await expect.poll(() => statuses.length, { timeout: 20_000 }).toBeGreaterThan(0);
      status(statuses);
    };
    /** What the user of a browser sees in another tab. */
    const finds = async (page: Page, id: string, text: string) => {
      const tab = await page.context().newPage();
      await visit(tab);
      await shows(tab, id, text);
    };
    const denied = (all: number[]) => expect(all).toEqual([403]);

    it("app: a cross-site form of a page is denied", async () => {
      const page = await open(true);
      await login(page, "ann");
      // As it stands in the page without JavaScript, hidden fields of the framework included.
      const plain = await page.context().request.get(`${app.origin}/`);
      const form = /<form[^>]*id="logout"[\s\S]*?<\/form>/.exec(await plain.text())?.[0];
      expect(form).toBeDefined();
      const base = `<base href="${app.origin}/">`;
      // An empty action is the page that the form stands in.
      const run = `<script>attack = async () => {
        const form = document.forms[0];
        if (!form.getAttribute("action")) form.action = "${app.origin}/";
        form.submit();
      }</script>`;
      await attack(page, `${base}${form}${run}`, (all) => {
        expect(all.every((status) => status >= 400)).toBe(true);
      });
      await finds(page, "user", "ann");
    });

    it("app: a cross-site form of a route is denied", async () => {
      const page = await open(true);
      await login(page, "ann");
      const action = `${app.origin}/api/count`;
      const form = `<form method="POST" action="${action}"></form>`;
      await attack(
        page,
        `${form}<script>attack = async () => document.forms[0].submit()</script>`,
        denied,
      );
      await finds(page, "clicks", "0");
    });

    it("app: a cross-site fetch is denied", async () => {
      const page = await open(true);
      await login(page, "ann");
      const options = `{ method: "POST", mode: "no-cors", credentials: "include" }`;
      const run = `attack = () => fetch("${app.origin}/api/count", ${options})`;
      await attack(page, `<script>${run}</script>`, denied);
      await finds(page, "clicks", "0");
    });

    it("app: a fetch of its own page passes", async () => {
      const page = await open(true);
      const post = () => fetch("/api/count", { method: "POST" }).then((answer) => answer.status);
      expect(await page.evaluate(post)).toBe(200);
      await visit(page);
      await shows(page, "clicks", "1");
    });

    const post = async (context: BrowserContext, path: string): Promise<APIResponse> => {
      const headers = { origin: app.origin };
      return context.request.post(app.origin + path, { headers, maxRedirects: 0 });
    };

    it.each(["returned", "thrown"])("app: a redirect that is %s has the cookie", async (kind) => {
      const page = await open(false);
      const response = await post(page.context(), `/api/${kind}`);
      expect([302, 303, 307]).toContain(response.status());
      const location = new URL(response.headers()["location"] ?? "", app.origin);
      expect(location.href).toBe(`${app.origin}/`);
      await visit(page);
      await shows(page, "user", kind);
    });

    it("app: an error page has the cookie", async () => {
      const page = await open(false);
      const response = await visit(page, "/fail");
      expect(response?.status()).toBe(500);
      await visit(page);
      await shows(page, "user", "kept");
    });

    it("app: a page that does not use the session has no Vary: Cookie", async () => {
      const page = await open(true);
      await login(page, "ann");
      const response = await page.context().request.get(`${app.origin}/plain`);
      expect(response.status()).toBe(200);
      expect(response.headers()["vary"] ?? "").not.toMatch(/cookie/i);
      expect(response.headers()["set-cookie"]).toBeUndefined();
    });

    it("app: works behind a proxy that ends TLS", async () => {
      const front = await startProxy(app.server.port, makeCertificate("localhost"));
      opened.push(front);
      const page = await open(false, front.origin);
      await login(page, "ann");
      expect(page.url()).toBe(`${front.origin}/`);
      await submit(page, "logout");
      await shows(page, "user", "nobody");
    });

    it("app: builds without a key, and says which is missing when it serves", async () => {
      const env = { ...options.env, NODE_ENV: "production" };
      const server = await app.project.start(options.start, env);
      opened.push({ close: () => void server.stop() });
      const headers = { "x-forwarded-proto": "http" };
      expect((await fetch(`${server.origin}/`, { headers })).status).toBe(500);
      await expect.poll(() => server.said).toContain("secretKey is missing");
    });

    it("app: a hot reload in development keeps the session", async () => {
      const server = await app.project.start(options.dev.start, { SECRET_KEY: KEY });
      opened.push({ close: () => void server.stop() });
      const page = await open(false, server.origin);
      await login(page, "ann");
      appendFileSync(join(app.project.folder, options.dev.file), "\n// changed\n");
      await sleep(2_000);
      await expect
        .poll(() => visit(page, "/", server.origin).then((answer) => answer?.status()), {
          timeout: 30_000,
        })
        .toBe(200);
      await shows(page, "user", "ann");
      await submit(page, "count");
      await shows(page, "clicks", "1");
      const headers = { origin: "http://localhost:5173", "content-type": "application/json" };
      const denial = await fetch(`${server.origin}/api/count`, { method: "POST", headers });
      expect(denial.status).toBe(403);
      await expect.poll(() => server.said).toContain("Origin http://localhost:5173");
    });

    if (options.types !== undefined) {
      it("app: the session is typed", async () => {
        for (const each of options.types ?? []) await app.project.run(...split(each));
      });
    }

    const openBoth = async (javaScript: boolean) => {
      const page = await open(javaScript);
      await visit(page, "/both");
      return page;
    };
    if (second !== undefined) twoSessions(() => app, openBoth);

    options.more?.(() => app);

    afterEach(({ task }) => {
      const row = matrix.find(([name]) => `app: ${name}` === task.name);
      expect(row?.[COLUMNS.indexOf(title)], `docs/adapters/full-stack.md: ${task.name}`).toBe(
        "yes",
      );
    });
  });
}

function split([script, ...args]: FullStack["build"]): [string, string[]] {
  return [`node_modules/${script}`, args];
}
