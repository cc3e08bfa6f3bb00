// An app's declarations hold for a whole program, so each program is compiled alone: against the
// sources, and against the published declarations.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { compile, compileFiles, errorsIn } from "./support/compile.ts";
import { root } from "./support/doc-examples.ts";

const scratch = join(root, "test/.scratch/types");
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe.each(["plain", "augmented", "typed", "several", "fastify-session"])("%s", (name) => {
  const folder = join(root, "test/types", name);
  // Programs that import the frameworks, whose own declarations are not ours to check.
  const hasFrameworks = !["plain", "augmented"].includes(name);

  it("compiles with the sources", async () => {
    expect(await compile(folder)).toBe("");
  });

  it.runIf(existsSync(join(root, "packages/session/dist/types/index.d.ts")))(
    "compiles with what is published",
    async () => {
      mkdirSync(scratch, { recursive: true });
      const project = join(scratch, `${name}.json`);
      const config = {
        extends: join(folder, "tsconfig.json"),
        compilerOptions: { paths: {}, skipLibCheck: hasFrameworks },
        include: [join(folder, "*.ts")],
      };
      writeFileSync(project, JSON.stringify(config));
      expect(await compile(project)).toBe("");
    },
  );

  if (hasFrameworks) return;
  it("would not compile with the other's declarations", async () => {
    mkdirSync(scratch, { recursive: true });
    const project = join(scratch, `${name}-wrong.json`);
    const other = name === "plain" ? "augmented" : "plain";
    const files = [join(folder, "app.ts"), join(root, "test/types", other, "app.ts")];
    writeFileSync(
      project,
      JSON.stringify({ extends: join(folder, "tsconfig.json"), include: [], files }),
    );
    expect(await compile(project)).toContain(join("types", "plain", "app.ts"));
  });
});

/** Compiles one program against what is published, in the kind of module that its name ends with. */
async function compileAlone(file: string, code: string, skipLibCheck: boolean): Promise<string[]> {
  const files = { "package.json": "{}", [file]: code };
  return errorsIn(await compileFiles(join(scratch, "beside"), files, { skipLibCheck }));
}

const USE = `
declare module "@galleta/session" {
  interface SessionData { user: string }
}
express().use(session({ secretKey: "" })).get("/", (req) => {
  const user: string | undefined = req.session.user;
  // @ts-expect-error -- not declared
  req.session.other = user;
});
`;
const OURS = `import express from "express";
import session from "@galleta/session/express-session";
`;

describe.runIf(existsSync(join(root, "packages/session/dist/types/index.d.ts")))(
  "the declarations that are published",
  { timeout: 120_000 },
  () => {
    const theirs = 'import type {} from "express-session";\n';

    it.each([
      ["before", theirs + OURS],
      ["after", OURS + theirs],
    ])("type req.session with @types/express-session imported %s them", async (_order, imports) => {
      expect(await compileAlone("beside.mts", imports + USE, true)).toEqual([]);
    });

    it("have one conflict with @types/express-session, which skipLibCheck hides", async () => {
      const errors = await compileAlone("beside.mts", theirs + OURS + USE, false);
      expect(errors).toEqual([
        expect.stringMatching(/@types\/express-session\/index\.d\.ts.*error TS2717/),
      ]);
    });

    it("stand beside @types/cookie-session", async () => {
      const cookieSession = 'import type {} from "cookie-session";\n';
      const own = OURS.replace("/express-session", "/cookie-session");
      for (const imports of [cookieSession + own, own + cookieSession]) {
        expect(await compileAlone("beside.mts", imports + USE, false)).toEqual([]);
      }
    });

    it.each(["mts", "cts"])("of drop-ins name all their types, for a .%s", async (kind) => {
      const code = `
import express, { type CookieView, type SessionMiddleware } from "@galleta/session/express-session";
import cookie, { type OptionsOfSession } from "@galleta/session/cookie-session";
import koa, { type KoaMiddleware } from "@galleta/session/koa-session";
export const forExpress: SessionMiddleware = express({ secretKey: "" });
export const forCookies: SessionMiddleware = cookie({ secretKey: "" });
export const forKoa: KoaMiddleware<{ user: string }> = koa<{ user: string }>({ secretKey: "" });
export type View = CookieView | OptionsOfSession;
`;
      // Koa's own declarations have errors without skipLibCheck.
      const errors = await compileAlone(`names.${kind}`, code, false);
      expect(errors.filter((error) => /galleta|names\./.test(error))).toEqual([]);
    });
  },
);
