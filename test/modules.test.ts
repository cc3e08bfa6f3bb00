// The packed package in CommonJS programs: Node, Jest, and TypeScript with several settings.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProject, pack, ROOT } from "./packaging/project.ts";

const run = promisify(execFile);
const manifest = JSON.parse(readFileSync(join(ROOT, "packages/session/package.json"), "utf8")) as {
  exports: Record<string, unknown>;
};
const NAMES = Object.keys(manifest.exports)
  .filter((name) => name !== "./package.json")
  .map((name) => `@galleta/session${name.slice(1)}`);

let tarball: string;
let project: string;
beforeAll(async () => {
  tarball = await pack("@galleta/session");
  const needs = [
    "express",
    "@types/express",
    "jest@30.5.2",
    "typescript@5.9.3",
    "@types/express-session@1.18.2",
  ];
  project = await createProject(tarball, needs, "commonjs");
}, 240_000);
afterAll(() => {
  for (const folder of [dirname(tarball), project])
    rmSync(folder, { recursive: true, force: true });
});

/** Runs a program of the project. @returns what it printed, as JSON */
async function program(source: string, ...flags: string[]): Promise<unknown> {
  const file = join(project, "program.cjs");
  writeFileSync(file, source);
  const { stdout, stderr } = await run(process.execPath, [...flags, file], { cwd: project });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as unknown;
}

/** An older Node that cannot `require` an ES module, as some tools still configure it. */
const OLD = "--no-experimental-require-module";

describe.each([
  ["require as it is", []],
  ["require that takes no ES module", [OLD]],
])("%s", (_title, flags: string[]) => {
  it("exports from each subpath the same as import", async () => {
    const said = await program(
      `const names = ${JSON.stringify(NAMES)};
      (async () => {
        const differ = [];
        for (const name of names) {
          const list = (all) => Object.keys(all).filter((key) => !["default", "module.exports", "__esModule"].includes(key)).sort();
          const [one, other] = [list(require(name)), list(await import(name))];
          if (one.join() !== other.join()) differ.push([name, one, other]);
        }
        console.log(JSON.stringify(differ));
      })();`,
      ...flags,
    );
    expect(said).toEqual([]);
  });

  it("keeps the names of classes, which users see in stacks", async () => {
    const said = await program(
      `const { inspect } = require("node:util");
      const { createSessions, Secret, SessionError } = require("@galleta/session");
      const { Sessions } = require("@galleta/session/adapter");
      const [shown] = inspect(new SessionError("ERR_SESSION_KEY", "x")).split(":");
      console.log(JSON.stringify([SessionError.name, shown, Secret.name, Sessions.name]));`,
      ...flags,
    );
    expect(said).toEqual(["SessionError", "SessionError", "Secret", "Sessions"]);
  });

  it.each([
    "express-session",
    "cookie-session",
    "koa-session",
    "fastify-secure-session",
    "fastify-session",
  ])("gives a function for %s", async (name) => {
    const source = `const session = require("@galleta/session/${name}");
      console.log(JSON.stringify([typeof session, session.default === session, typeof session({ secretKey: "x".repeat(9) + "a key of more than 32 characters" })]));`;
    expect(await program(source, ...flags)).toEqual(["function", true, "function"]);
  });

  it("works together with import in one program", async () => {
    const said = await program(
      `const key = "a key of this test, of more than 32 characters";
      const one = require("@galleta/session");
      (async () => {
        const two = await import("@galleta/session");
        const { toSessions } = await import("@galleta/session/adapter");
        const sessions = one.createSessions({ secretKey: new two.Secret(key) });
        const context = sessions.open("");
        context.session.user = "alice";
        two.renew(context.session);
        two.flash(context.session, "notice", "Hi");
        let error;
        try { one.createSessions({ secretKey: "" }); } catch (thrown) { error = thrown; }
        class Special extends two.SessionError {}
        const cookie = context.commit().setCookie[0].split(";")[0];
        const next = two.createSessions({ secretKey: new one.Secret(key) }).open(cookie);
        console.log(JSON.stringify({
          isSame: toSessions(sessions) === sessions,
          isError: error instanceof two.SessionError,
          isSpecial: error instanceof Special,
          isPlain: new Error("x") instanceof two.SessionError || null instanceof two.SessionError,
          user: next.session.user,
          notice: one.flash(next.session, "notice"),
          isOneCopy: one.SessionError === two.SessionError,
        }));
      })();`,
      ...flags,
    );
    expect(said).toEqual({
      isSame: true,
      isError: true,
      isSpecial: false,
      isPlain: false,
      user: "alice",
      notice: "Hi",
      isOneCopy: flags.length === 0,
    });
  });

  it("serves an Express app, with functions from the other kind of module", async () => {
    const said = await program(
      `const express = require("express");
      const session = require("@galleta/session/express-session");
      (async () => {
        const { describe, destroy } = await import("@galleta/session");
        const app = express();
        app.use(session({ secretKey: "a key of this test, of more than 32 characters" }));
        app.get("/in", (req, res) => { req.session.user = "alice"; res.json(describe(req.session).isNew); });
        app.get("/out", (req, res) => { const { user } = req.session; destroy(req.session); res.json(user); });
        const server = app.listen(0, "127.0.0.1", async () => {
          const origin = "http://127.0.0.1:" + server.address().port;
          const first = await fetch(origin + "/in");
          const cookie = first.headers.get("set-cookie").split(";")[0];
          const second = await fetch(origin + "/out", { headers: { cookie } });
          console.log(JSON.stringify([await first.json(), await second.json(), second.headers.get("set-cookie").split(";")[1].trim()]));
          server.close();
        });
      })();`,
      ...flags,
    );
    expect(said).toEqual([true, "alice", "Max-Age=0"]);
  });
});

it("Jest loads it in its default mode", { timeout: 120_000 }, async () => {
  const test = `
    test.each(${JSON.stringify(NAMES)})("%s", (name) => { expect(typeof require(name)).toMatch(/object|function/); });
    test("a session", () => {
      const { createSessions } = require("@galleta/session");
      const context = createSessions({ secretKey: "a key of this test, of more than 32 characters" }).open("");
      context.session.user = "alice";
      expect(context.commit().setCookie).toHaveLength(1);
      expect(typeof require("@galleta/session/express-session")).toBe("function");
    });`;
  writeFileSync(join(project, "session.test.js"), test);
  const jest = join(project, "node_modules/jest/bin/jest.js");
  const { stderr } = await run(process.execPath, [jest, "--ci"], { cwd: project });
  expect(stderr).toContain(`Tests:       ${NAMES.length + 1} passed, ${NAMES.length + 1} total`);
});

it("Jest runs the test of docs/testing.md", { timeout: 120_000 }, async () => {
  const page = readFileSync(join(ROOT, "docs/testing.md"), "utf8");
  const [, test = ""] = /```js\n(\/\/ app\.test\.cjs\n.*?)```/s.exec(page) ?? [];
  const start = readFileSync(join(ROOT, "docs/index.md"), "utf8");
  const [, app = ""] = /```js\n(.*?)```/s.exec(start) ?? [];
  const folder = join(project, "guide");
  mkdirSync(folder);
  writeFileSync(join(folder, "app.test.cjs"), test);
  writeFileSync(
    join(folder, "app.cjs"),
    app
      .replaceAll(/^import (.*?) from (".*?");$/gm, "const $1 = require($2);")
      .replace(/^app\.listen.*$/m, "module.exports = { app };"),
  );
  const jest = join(project, "node_modules/jest/bin/jest.js");
  const match = ["--ci", "--rootDir", folder, "--testMatch", "**/*.test.cjs"];
  const env = { ...process.env, SECRET_KEY: "a key of this test, of more than 32 characters" };
  const { stderr } = await run(process.execPath, [jest, ...match], { cwd: folder, env });
  expect(stderr).toMatch(/Tests: +1 passed, 1 total/);
});

// The declarations of express-session come first, as with a store that imports them.
const SOURCE = `
import type { Store } from "express-session";
import express from "express";
import type { SessionData } from "@galleta/session";
import { createSessions, destroy, SessionError } from "@galleta/session";
import { session } from "@galleta/session/express";
import { rails } from "@galleta/session/formats/rails";
import DropIn from "@galleta/session/express-session";
import type { CookieView } from "@galleta/session/express-session";
declare module "@galleta/session" {
  interface SessionData { visits: number }
}
const secretKey = "a key of this test, of more than 32 characters";
const app = express();
const sessions = createSessions({ secretKey });
app.use(session(sessions));
app.get("/", (req, res) => {
  const visits: number | undefined = req.session.visits;
  // @ts-expect-error -- it is a number
  req.session.visits = "one";
  destroy(req.session);
  res.json(visits);
});
const typed = createSessions<{ theme: "light" | "dark" }>({ secretKey, property: "prefs" });
app.get("/theme", (req, res) => {
  const theme: "light" | "dark" | undefined = typed.of(req).theme;
  // @ts-expect-error -- it is not one of them
  typed.of(req).theme = "pink";
  res.json(theme);
});
export type TheirStore = Store;
const view = (of: CookieView): Date | null => of.expires;
const data: SessionData = { visits: 1 };
console.log([typeof view, typeof data, typeof SessionError, typeof rails, typeof DropIn({ secretKey })].join());
`;
/** What only CommonJS has. */
const CLASSIC = `
import session = require("@galleta/session/express-session");
const view = (of: session.CookieView): Date | null => of.expires;
console.log([typeof view, typeof session({ secretKey: "a key of this test, of more than 32 characters" })].join());
`;

describe.each([
  { title: "node10", module: "commonjs", moduleResolution: "node10" },
  { title: "node16", module: "node16" },
  { title: "nodenext", module: "nodenext" },
])("TypeScript 5.9 with $title", ({ title, ...modules }) => {
  it(
    "compiles CommonJS that runs, with import and with require",
    { timeout: 240_000 },
    async () => {
      const folder = join(project, title);
      mkdirSync(folder);
      writeFileSync(join(folder, "import.ts"), SOURCE);
      writeFileSync(join(folder, "require.ts"), CLASSIC);
      const compilerOptions = {
        ...modules,
        target: "ES2022",
        lib: ["ES2023", "DOM", "DOM.Iterable"],
        types: ["node"],
        strict: true,
        esModuleInterop: true,
        skipLibCheck: true,
      };
      const files = ["import.ts", "require.ts"];
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
      const tsc = join(project, "node_modules/typescript/bin/tsc");
      const told = await run(process.execPath, [tsc, "-p", folder]).catch(
        (error: { stdout: string }) => error,
      );
      expect(told.stdout).toBe("");
      const printed = files.map(async (file) => {
        const { stdout } = await run(process.execPath, [join(folder, file.replace(/ts$/, "js"))]);
        return stdout.trim();
      });
      expect(await Promise.all(printed)).toEqual([
        "function,object,function,function,function",
        "function,function",
      ]);
    },
  );
});
