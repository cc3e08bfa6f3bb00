import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "galleta/testing";
import { afterEach, describe, expect, it, vi } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("the README", () => {
  const file = join(root, "test/.readme.ts");
  afterEach(() => {
    rmSync(file, { force: true });
    vi.unstubAllEnvs();
  });

  it("has an example that does what it says", async () => {
    vi.stubEnv("SECRET_KEY", "a key for the README's example, long enough");
    const [, example = ""] = /```ts\n([^]*?)```/.exec(read("README.md")) ?? [];
    expect(example).toContain("export default app");
    writeFileSync(file, example);
    const { default: app } = await import(/* @vite-ignore */ file);
    const client = createClient(app);
    expect(await (await client.get("/visits")).json()).toBe(1);
    expect(await (await client.get("/visits")).json()).toBe(2);
    const socket = await client.websocket("/hello");
    expect(await socket.receive()).toBe("You came 2 times.");
    await socket.close();
  });
});

describe("links between documents", () => {
  const documents = [
    "README.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "bench/README.md",
  ]
    .concat(
      readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map(
        (name) => `docs/${name}`,
      ),
    )
    .filter((name) => name.endsWith(".md") && !name.includes("node_modules"))
    .filter((name) => existsSync(join(root, name)));

  /** The anchor that a heading gets. */
  const anchor = (heading: string) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-");

  it.each(documents)("%s", (document) => {
    const broken: string[] = [];
    for (const [, target = ""] of read(document).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", fragment] = target.split("#");
      const file = path === "" ? document : relative(root, join(root, dirname(document), path));
      if (!existsSync(join(root, file))) broken.push(target);
      else if (fragment !== undefined && file.endsWith(".md")) {
        const headings = [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
          anchor(heading),
        );
        if (!headings.includes(fragment)) broken.push(target);
      }
    }
    expect(broken).toEqual([]);
  });
});

describe("docs/security.md", () => {
  const named = [...read("docs/security.md").matchAll(/`([^`]+\.test\.ts)` "([^"]+)"/g)];

  it("names tests", () => {
    expect(named.length).toBeGreaterThan(20);
  });
  it.each(named.map(([, file = "", name = ""]) => [file, name]))("%s has %j", (file, name) => {
    expect(read(file)).toContain(name);
  });
});
