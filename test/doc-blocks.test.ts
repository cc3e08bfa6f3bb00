// Compiles each code block of the documentation unchanged, against the built packages. A program
// has only what its blocks import. A block is a part of an app, so undeclared names are accepted.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { compileFiles, errorsIn } from "./support/compile.ts";
import { root } from "./support/doc-examples.ts";

const scratch = join(root, "test/.scratch/blocks");
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

interface Block {
  /** The page and line where it begins. */
  readonly place: string;
  readonly code: string;
}

const pages = ["README.md", "packages/session/README.md", "packages/galleta/README.md"].concat(
  readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && !name.includes("node_modules"))
    .map((name) => `docs/${name}`),
);

const blocks = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/```ts\n([^]*?)```/g)].map(([whole, code = ""], index): Block => {
    const line = text.slice(0, text.indexOf(whole)).split("\n").length;
    return { place: `${page}:${line} (${index})`, code };
  });
});

/**
 * Groups blocks that may be compiled together: those with the same imports, since an import decides
 * what other blocks of the program know. A block that declares something globally stays alone.
 */
function programs(): Map<string, Block[]> {
  const all = new Map<string, Block[]>();
  for (const block of blocks) {
    const imports = [...block.code.matchAll(/ from "([^".][^"]*)"/g)].map(([, name = ""]) => name);
    const own = /^declare (?:module|global)/m.test(block.code) ? block.place : "";
    const key = [own, ...new Set(imports.toSorted())].join(" ");
    all.set(key, [...(all.get(key) ?? []), block]);
  }
  return all;
}

/** Errors that a part of an app may have: unknown names and modules, alternatives, a `return`. */
const OF_A_PART =
  /error TS(?:2304|2552|2709|2503|2833|2593|18004|7006|7031|2451|1108)\b|module '\.{1,2}\/[^']*'/;

/**
 * Packages with their own folder, which may not be installed, and modules of newer Node versions.
 */
const ELSEWHERE = [
  ...Object.keys(dependenciesOf("test/frameworks/package.json")).filter(
    (name) => !name.startsWith("@nestjs/"),
  ),
  ...Object.keys(dependenciesOf("test/companions/package.json")).filter(
    (name) => name !== "express",
  ),
  ...Object.keys(dependenciesOf("test/databases/package.json")),
  "@sveltejs/kit",
  "@sveltejs/kit/hooks",
  "@tanstack/react-router",
  "@tanstack/react-start",
  "astro:middleware",
  "bowser",
  "elysia/ws",
  "mongodb",
  "node:sqlite",
];

/** The types of Bun and of Cloudflare's workers. */
const RUNTIMES = `
declare const Bun: any;
declare const Deno: any;
declare class DurableObject { ctx: any }
declare module "@nestjs/platform-ws" {
  export class WsAdapter { constructor(app: unknown); create(port: number, options?: object): any }
}
declare module "@nestjs/platform-socket.io" {
  export class IoAdapter {
    constructor(app: unknown);
    createIOServer(port: number, options?: object): any;
  }
}
declare class WebSocketPair { 0: WebSocket; 1: WebSocket }
interface ResponseInit { webSocket?: WebSocket }
interface WebSocket { accept(): void; serializeAttachment(value: unknown): void; deserializeAttachment(): any }
`;

function dependenciesOf(path: string): object {
  const { dependencies } = JSON.parse(readFileSync(join(root, path), "utf8")) as {
    dependencies: object;
  };
  return dependencies;
}

async function compile(name: string, program: readonly Block[]): Promise<string[]> {
  const modules = ELSEWHERE.map((module) => `declare module "${module}";`).join("\n");
  // A block without import is a module too, so that its names stay its own.
  const files = program.map(({ code }, i) => [`block-${i}.mts`, `${code}\nexport {};\n`] as const);
  const output = await compileFiles(join(scratch, name), {
    ...Object.fromEntries(files),
    "elsewhere.d.ts": modules + RUNTIMES,
  });
  return errorsIn(output)
    .filter((error) => !OF_A_PART.test(error))
    .map((error) =>
      error.replace(/^.*block-(\d+)\.mts/, (_, at: string) => program[+at]?.place ?? ""),
    );
}

describe("every block compiles unchanged", { timeout: 120_000 }, () => {
  it.each([...programs()])("in a program with: %s", async (name, program) => {
    expect(await compile(name.replaceAll(/\W+/g, "-"), program)).toEqual([]);
  });

  it("and a mistake would be found", async () => {
    const code = 'import { renew } from "@galleta/session";\nrenew(1, 2);\n';
    expect(await compile("mistake", [{ place: "mistake", code }])).toEqual([
      expect.stringContaining("TS2554"),
    ]);
    const lonely = 'declare module "@galleta/session" { interface SessionData { a: 1 } }';
    expect(await compile("lonely", [{ place: "lonely", code: lonely }])).toEqual([
      expect.stringContaining("TS2664"),
    ]);
  });
});
