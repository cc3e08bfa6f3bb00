import type { LiveServer as Server } from "galleta/testing";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CHROMIUM, launchBrowser } from "./support/browser.ts";
import { available } from "./support/require.ts";

let server: Server;

/** A fresh app with its three todos. */
beforeEach(async () => {
  vi.resetModules();
  vi.stubEnv("SECRET_KEY", "the todo app's key in its tests, long enough");
  // The framework is loaded again as well, because an app belongs to its copy of it.
  const { LiveServer } = await import("galleta/testing");
  const { app } = await import("../examples/todos/app.ts");
  server = await LiveServer.start(app);
});
afterEach(async () => {
  await server.close();
  vi.unstubAllEnvs();
});

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });

describe("over HTTP", () => {
  /** A visitor whose cookie is kept. */
  function visitor() {
    let cookie = "";
    return async () => {
      const response = await fetch(`${server.url}/unseen-todos`, { headers: { cookie } });
      cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
      return (await response.json()) as { id: number; content: string }[];
    };
  }

  it("shows every todo once", async () => {
    const unseen = visitor();
    expect(await unseen()).toHaveLength(3);
    expect(await unseen()).toEqual([]);
    expect((await post("/todos", '{"content":"Go to work"}')).status).toBe(201);
    expect(await unseen()).toEqual([{ id: 3, content: "Go to work" }]);
  });

  it("sends all of several todos that are created in a row", async () => {
    const unseen = visitor();
    await unseen();
    for (const content of ["a", "b", "c", "d"]) {
      await post("/todos", JSON.stringify({ content }));
      if (content === "b") expect((await unseen()).map((todo) => todo.content)).toEqual(["a", "b"]);
    }
    expect((await unseen()).map((todo) => todo.content)).toEqual(["c", "d"]);
  });

  it.each([
    ["not JSON", '{"content":'],
    ["nothing", ""],
    ["no object", '"content"'],
    ["no content", "{}"],
    ["content that is no text", '{"content":7}'],
    ["blank content", '{"content":"  "}'],
    ["content that is too long", JSON.stringify({ content: "x".repeat(201) })],
  ])("answers 400 to %s and adds nothing", async (_, body) => {
    const response = await post("/todos", body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ status: 400, detail: expect.any(String) });
    expect(await visitor()()).toHaveLength(3);
  });

  it("denies a form of another site", async () => {
    const response = await post("/todos", '{"content":"x"}', { "sec-fetch-site": "cross-site" });
    expect(response.status).toBe(403);
    expect(await visitor()()).toHaveLength(3);
  });
});

describe.runIf(available(CHROMIUM))("in a browser", () => {
  let browser: Browser;
  let context: BrowserContext;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    problems.length = 0;
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });

  async function open(): Promise<Page> {
    const page = await context.newPage();
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(server.url);
    await page.getByText("Feed: live").waitFor();
    return page;
  }

  const unseen = (page: Page) => page.locator("#unseen li").allTextContents();

  /** Waits until the session says so: the socket notes what the page showed. */
  const noted = (lastId: number) =>
    expect
      .poll(async () => (await context.request.get(`${server.url}/all-todos`)).json())
      .toMatchObject({ seen: lastId });

  async function add(page: Page, content: string): Promise<void> {
    await page.getByLabel("New todo").fill(content);
    await page.getByRole("button", { name: "Add" }).click();
  }

  it("two tabs share the session, a reload keeps it, the socket brings new todos", async () => {
    const first = await open();
    await expect.poll(() => unseen(first)).toHaveLength(3);
    await noted(2);
    const second = await open();
    await second.getByText("Nothing new.").waitFor();

    await add(second, "Buy bread");
    await expect.poll(() => unseen(first)).toContain("Buy bread");
    await expect.poll(() => unseen(second)).toEqual(["Buy bread"]);
    await noted(3);

    await first.reload();
    await first.getByText("Feed: live").waitFor();
    await first.getByText("Nothing new.").waitFor();
    expect(await unseen(first)).toEqual([]);
  });

  it("shows every one of several todos in a row, once, to two browsers", async () => {
    const page = await open();
    await expect.poll(() => unseen(page)).toHaveLength(3);
    const contents = Array.from({ length: 20 }, (_, i) => `todo ${i}`);
    for (const content of contents) await post("/todos", JSON.stringify({ content }));
    await expect.poll(() => unseen(page)).toHaveLength(23);
    expect((await unseen(page)).slice(3)).toEqual(contents);
    await noted(22);
    const stranger = await browser.newContext();
    const other = await stranger.newPage();
    await other.goto(server.url);
    await expect.poll(() => unseen(other)).toHaveLength(23);
    await stranger.close();
  });

  it("a log-out in one tab closes the others, and no other browser", async () => {
    const [first, second] = [await open(), await open()];
    const stranger = await browser.newContext();
    const other = await stranger.newPage();
    await other.goto(server.url);
    await other.getByText("Feed: live").waitFor();

    await second.getByRole("button", { name: "Log out everywhere" }).click();
    await first.getByText("Feed: session ended").waitFor();
    await second.getByText("Feed: session ended").waitFor();
    expect(await context.cookies()).toEqual([]);
    expect(await other.getByText("Feed: live").count()).toBe(1);
    await stranger.close();

    await first.getByRole("link", { name: "Start a new session" }).click();
    await expect.poll(() => unseen(first)).toHaveLength(3);
  });

  it("treats HTML in a todo as text", async () => {
    const page = await open();
    await add(page, "<img src=x onerror=alert(1)>");
    await expect.poll(() => unseen(page)).toContain("<img src=x onerror=alert(1)>");
  });

  it("reports the fault in a todo", async () => {
    const page = await open();
    await add(page, "   ");
    await page.getByRole("alert").getByText("A todo needs some content.").waitFor();
    problems.length = 0; // the browser logs every answer of 400
  });
});
