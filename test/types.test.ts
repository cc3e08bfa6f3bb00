// An app's declarations hold for a whole program, so each program is compiled alone: against the
// sources, and against the published declarations.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { root } from "./support/doc-examples.ts";

const scratch = join(root, "test/.scratch/types");
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function compile(project: string): string {
  try {
    execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", project], { cwd: root });
    return "";
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout);
  }
}

describe.each(["plain", "augmented", "typed", "several", "fastify-session"])("%s", (name) => {
  const folder = join(root, "test/types", name);
  // Programs that import the frameworks, whose own declarations are not ours to check.
  const hasFrameworks = !["plain", "augmented"].includes(name);

  it("compiles with the sources", () => {
    expect(compile(folder)).toBe("");
  });

  it.runIf(existsSync(join(root, "packages/session/dist/types/index.d.ts")))(
    "compiles with what is published",
    () => {
      mkdirSync(scratch, { recursive: true });
      const project = join(scratch, `${name}.json`);
      const config = {
        extends: join(folder, "tsconfig.json"),
        compilerOptions: { paths: {}, skipLibCheck: hasFrameworks },
        include: [join(folder, "*.ts")],
      };
      writeFileSync(project, JSON.stringify(config));
      expect(compile(project)).toBe("");
    },
  );

  if (hasFrameworks) return;
  it("would not compile with the other's declarations", () => {
    mkdirSync(scratch, { recursive: true });
    const project = join(scratch, `${name}-wrong.json`);
    const other = name === "plain" ? "augmented" : "plain";
    const files = [join(folder, "app.ts"), join(root, "test/types", other, "app.ts")];
    writeFileSync(
      project,
      JSON.stringify({ extends: join(folder, "tsconfig.json"), include: [], files }),
    );
    expect(compile(project)).toContain(join("types", "plain", "app.ts"));
  });
});
