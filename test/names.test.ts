import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSessions, SessionError } from "@galleta/session";
import { describe, expect, it } from "vitest";

// Names in texts must exist: the target of a {@link}, an option, a code, a page of the docs.

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const list = (folder: string, pattern: RegExp) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => pattern.test(file) && !/node_modules|[\\/]?dist[\\/]|\.vitepress/.test(file))
    .map((file) => join(folder, file));

const sources = list("packages", /(?<!\.test|\.test-d)\.ts$/);
const pages = [...list("docs", /\.md$/), "README.md", "SECURITY.md"];
/** Headings of a page from a level on, without their marks. */
const headings = (text: string, marks: string) =>
  [...text.matchAll(new RegExp(`^${marks} (.+)$`, "gm"))].map(([, title = ""]) => title);
/** The anchor of a heading, as the docs site makes it. */
const anchor = (title: string) =>
  title
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(/\s+/g, "-");
const codesIn = (text: string) => new Set(text.match(/\bERR_(?:SESSION|GALLETA)_[A-Z_]*[A-Z]\b/g));
const declared = (path: string) => codesIn(read(path).replaceAll(/\/\*\*.*?\*\//gs, ""));
const known = new Set([
  ...declared("packages/session/src/errors.ts"),
  ...declared("packages/galleta/src/errors.ts"),
]);

describe("every {@link} names something that exists", () => {
  const exported = new Set(
    sources.flatMap((file) =>
      [
        ...read(file).matchAll(
          /^export (?:default )?(?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type) (\w+)/gm,
        ),
      ].map(([, name = ""]) => name),
    ),
  );

  it.each(sources.filter((file) => read(file).includes("{@link")))("%s", (file) => {
    const text = read(file);
    const code = text.replaceAll(/\/\*.*?\*\//gs, "").replaceAll(/\/\/[^\n]*/g, "");
    const missing = [...text.matchAll(/\{@link ([\w.]+)/g)].filter(([, path = ""]) => {
      const [name = "", member] = path.split(".");
      const isKnown = exported.has(name) || new RegExp(`\\b${name}\\b`).test(code);
      if (!isKnown || member === undefined) return !isKnown;
      const homes = sources.filter((source) =>
        new RegExp(`\\b(?:class|interface|type) ${name}\\b`).test(read(source)),
      );
      return !homes.some((home) => new RegExp(`\\b${member}\\b`).test(read(home)));
    });
    expect(missing.map(([link]) => link)).toEqual([]);
  });
});

describe("the page of errors", () => {
  const titles = headings(read("docs/errors.md"), "###");

  it("has a section for each code, and no other", () => {
    expect(titles.toSorted()).toEqual([...known].toSorted());
  });

  it("is the address in each message", () => {
    const error = new SessionError("ERR_SESSION_STORE", "The store failed.");
    const [, page, at] = /^The store failed\. See \S+\/(\w+)#(\S+)$/.exec(error.message) ?? [];
    expect(page).toBe("errors");
    expect(titles.map(anchor)).toContain(at);
  });
});

describe("the page of options", () => {
  const titles = headings(read("docs/options.md"), "###");
  /** The message of an unknown option lists all of them. */
  const options = (() => {
    try {
      createSessions({ qqqqqqqqqqqqqq: 1 } as never);
    } catch (error) {
      const [, names = ""] = /Known are ([^.]*)\./.exec((error as Error).message) ?? [];
      return names.split(", ");
    }
    return [];
  })();

  it("has a section for each option, and no other", () => {
    expect(options.length).toBeGreaterThan(20);
    expect(titles.toSorted()).toEqual(options.toSorted());
  });
});

describe.each(pages)("%s", (page) => {
  const text = read(page);

  it("names codes that exist", () => {
    const families = /^ERR_SESSION_TICKET$|^ERR_(?:SESSION|GALLETA)$/;
    const unknown = [...codesIn(text)].filter((code) => !known.has(code) && !families.test(code));
    expect(unknown).toEqual([]);
  });

  it("links to pages and headings that exist", () => {
    const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
      ([, to = ""]) => to,
    );
    const dead = links.filter((link) => {
      const [path = "", hash] = link.split("#");
      const file = path === "" ? page : join(page, "..", path);
      if (hash === undefined || !existsSync(join(ROOT, file))) return !existsSync(join(ROOT, file));
      return !headings(read(file), "#{1,6}").map(anchor).includes(hash);
    });
    expect(dead).toEqual([]);
  });
});

it("names codes that exist in every source", () => {
  const unknown = sources.flatMap((file) =>
    [...codesIn(read(file))]
      .filter((code) => !known.has(code) && code !== "ERR_GALLETA_USAGE")
      .map((code) => `${file}: ${code}`),
  );
  expect(unknown.filter((line) => !/ERR_(SESSION|GALLETA)$|TICKET$/.test(line))).toEqual([]);
});

it("puts every tag of a doc comment at the start of a line", () => {
  const inside = sources.flatMap((file) =>
    [
      ...read(file).matchAll(
        /^\s*\*.*[^\s*`({|].* @(?:throws|param|returns|example)\b|^\s*\* \|\|/gm,
      ),
    ].map(([line]) => `${file}: ${line.trim()}`),
  );
  expect(inside).toEqual([]);
});
