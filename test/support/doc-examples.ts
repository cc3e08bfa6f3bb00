import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** An example in a doc comment. */
export interface Example {
  /** The file and line of the example. */
  readonly place: string;
  readonly file: string;
  readonly code: string;
}

function sources(): string[] {
  return ["session", "galleta"].flatMap((name) => {
    const folder = join(root, "packages", name, "src");
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !/\.test(-d)?\.ts$/.test(path))
      .map((path) => join(folder, path))
      .toSorted();
  });
}

/** Returns every `ts` block in the packages' doc comments, except in tests. */
export function findExamples(): Example[] {
  const examples: Example[] = [];
  for (const path of sources()) {
    const text = readFileSync(path, "utf8");
    for (const comment of text.matchAll(/\/\*\*[^]*?\*\//g)) {
      for (const block of comment[0].matchAll(/```ts\n([^]*?)```/g)) {
        const before = text.slice(0, comment.index + block.index);
        const place = `${relative(root, path)}:${before.split("\n").length}`;
        const code = (block[1] ?? "").replaceAll(/^\s*\* ?/gm, "").trimEnd();
        examples.push({ place, file: path, code });
      }
    }
  }
  return examples;
}

/** The modules that users import, by name. An example may use them without an import. */
const ENTRIES: Record<string, string> = {
  galleta: "packages/galleta/src/index.ts",
  "galleta/testing": "packages/galleta/src/testing/index.ts",
  "@galleta/session": "packages/session/src/index.ts",
  "@galleta/session/adapter": "packages/session/src/adapter.ts",
  "@galleta/session/postgres": "packages/session/src/postgres.ts",
  "@galleta/session/redis": "packages/session/src/redis.ts",
};

function exportedNames(path: string): string[] {
  const text = readFileSync(path, "utf8").replaceAll(/\/\*[^]*?\*\//g, "");
  const declared = text.matchAll(/^export (?:async )?(?:function|class|const|let) (\w+)/gm);
  const listed = [...text.matchAll(/^export \{([^}]*)\} from/gm)].flatMap(([, names = ""]) =>
    names.split(",").map((name) => name.trim().replace(/^\w+ as /, "")),
  );
  const all = [...declared].map(([, name = ""]) => name).concat(listed);
  return all.filter((name) => /^\w+$/.test(name));
}

/**
 * Makes the imports that an example leaves out: first those of its own file, then those that users
 * import.
 */
export function importsOf({ file, code }: Example): string {
  const words = new Set(code.match(/(?<![.\w"'`/])[A-Za-z_]\w*/g));
  // Matches the text between a declaring word and the `=`, `(` or `from` after it.
  const declaring = /^(?:export )?(?:import|const|let|class|(?:async )?function) ([^=("']*)/gm;
  const declared = [...code.matchAll(declaring)].flatMap(([, names]) => names?.match(/\w+/g) ?? []);
  const taken = new Set<string>(declared);
  const lines: string[] = [];
  for (const [specifier, path] of [[file, file] as const, ...Object.entries(ENTRIES)]) {
    const absolute = path.startsWith("/") ? path : join(root, path);
    const names = exportedNames(absolute).filter((name) => words.has(name) && !taken.has(name));
    for (const name of names) taken.add(name);
    if (names.length > 0) lines.push(`import { ${names.join(", ")} } from "${specifier}";`);
  }
  return lines.join("\n");
}

/**
 * Makes a program that collects an example's claims. Each `expression; // value` gives a pair of
 * both; the value may be on the next line.
 *
 * @returns `undefined` if the example claims nothing
 */
export function claimsOf(code: string): string | undefined {
  let count = 0;
  const program = code.replaceAll(
    /^(?!\s*(?:\/\/|const |let |import ))(.+);\s*\/\/ (.+)$/gm,
    (line, expression: string, value: string) => {
      if (!isLiteral(value)) return line;
      count += 1;
      return `claims.push([${expression}, ${value}]);`;
    },
  );
  return count === 0 ? undefined : program;
}

function isLiteral(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return text === "undefined";
  }
}
