import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const json = (path: string) => JSON.parse(read(path)) as Record<string, unknown>;

interface Place {
  readonly path: string;
  readonly jsonpath: string;
}

/** What a path such as `$.packages['a/b'].version` leads to. */
function follow({ path, jsonpath }: Place): unknown {
  const keys = [...jsonpath.matchAll(/\['([^']+)'\]|\.(\w+)/g)].map(([, a, b]) => a ?? b ?? "");
  return keys.reduce<unknown>(
    (value, key) => (value as Record<string, unknown>)?.[key],
    json(path),
  );
}

const published = readdirSync(join(ROOT, "packages"));
const templates = published.flatMap((name) => {
  const folder = `packages/${name}/templates`;
  const entries = readdirSync(join(ROOT, `packages/${name}`));
  return entries.includes("templates")
    ? readdirSync(join(ROOT, folder)).map((each) => `${folder}/${each}/package.json`)
    : [];
});

describe("a release", () => {
  const config = json(".github/release-please.json") as {
    packages: { ".": { "extra-files": Place[] } };
  };
  const places = config.packages["."]["extra-files"];
  const version = String(json(".github/release-please-versions.json")["."]);
  const names = published.map((name) => String(json(`packages/${name}/package.json`)["name"]));

  it("knows its version in each place that it changes", () => {
    const values = places.map((place) => [place.path, place.jsonpath, follow(place)]);
    expect(values.filter(([, , value]) => !String(value).endsWith(version))).toEqual([]);
  });

  it("changes every place where one of our packages names another, or its version", () => {
    const known = new Set(places.map(({ path, jsonpath }) => path + jsonpath));
    const manifests = [
      ...published.map((name) => `packages/${name}/package.json`),
      ...templates.filter((path) => existsSync(join(ROOT, path))),
    ];
    const missing = manifests.flatMap((path) => {
      const { version: own, dependencies = {} } = json(path) as {
        version?: string;
        dependencies?: Record<string, string>;
      };
      const wanted = Object.keys(dependencies)
        .filter((name) => names.includes(name))
        .map((name) =>
          /^\w+$/.test(name) ? `$.dependencies.${name}` : `$.dependencies['${name}']`,
        );
      if (own !== undefined) wanted.push("$.version");
      return wanted.filter((jsonpath) => !known.has(path + jsonpath)).map((each) => path + each);
    });
    expect(missing).toEqual([]);
  });

  // `internals` may change with every version: a range would pair it with another.
  it("pins the engine in each package that uses its internals", () => {
    const users = published.filter((name) => {
      const sources = readdirSync(join(ROOT, `packages/${name}/src`), {
        recursive: true,
        encoding: "utf8",
      }).filter((path) => /(?<!test)\.ts$/.test(path));
      return sources.some((path) =>
        read(`packages/${name}/src/${path}`).includes('from "@galleta/session/internals"'),
      );
    });
    expect(users.toSorted()).toEqual(["galleta", "inspect"]);
    const pins = users.map((name) => json(`packages/${name}/package.json`)["dependencies"]);
    expect(pins).toEqual(pins.map(() => expect.objectContaining({ "@galleta/session": version })));
  });

  it("publishes every package with provenance, after those that it depends on", () => {
    const workflow = read(".github/workflows/release.yml");
    const order = [...workflow.matchAll(/npm publish --provenance .*--workspace (\S+)/g)].map(
      ([, name = ""]) => name,
    );
    expect(order.toSorted()).toEqual(names.toSorted());
    for (const name of published) {
      const manifest = json(`packages/${name}/package.json`) as {
        name: string;
        dependencies?: object;
      };
      const before = Object.keys(manifest.dependencies ?? {}).filter((each) =>
        names.includes(each),
      );
      for (const each of before)
        expect(order.indexOf(each)).toBeLessThan(order.indexOf(manifest.name));
    }
  });

  // npm takes a token from NODE_AUTH_TOKEN only with `registry-url`, which this workflow cannot have:
  // npm would then not ask GitHub for its identity.
  it("publishes as the workflow, without a token", () => {
    const [, publish = ""] = read(".github/workflows/release.yml").split("\n  publish:\n");
    expect(publish).toContain("id-token: write");
    expect(publish).not.toMatch(/NODE_AUTH_TOKEN|secrets\.|registry-url:/);
  });

  it("has an address for the code, the site and the bugs in every package", () => {
    for (const name of published) {
      const manifest = json(`packages/${name}/package.json`);
      expect(manifest["repository"]).toMatchObject({ directory: `packages/${name}` });
      expect(manifest["homepage"]).toMatch(/^https:/);
      expect(manifest["bugs"]).toMatch(/^https:/);
    }
  });
});

describe("the workflows", () => {
  const folder = ".github/workflows";
  const files = [".ci/run", ...readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`)];
  const scripts = Object.keys(json("package.json")["scripts"] as object);

  it.each(files)("%s runs scripts and reads files that exist", (file) => {
    const text = read(file);
    const named = [...text.matchAll(/\bnpm (?:run )?(test|(?<=run )[\w:]+)/g)].map(
      ([, name]) => name,
    );
    expect(named.filter((name) => !scripts.includes(name ?? ""))).toEqual([]);
    const paths = [...text.matchAll(/(?<![\w/])\.(?:ci|github)\/[\w./-]+/g)].map(([path]) => path);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(named.length).toBeGreaterThan(0);
  });

  it("test every Node that package.json supports, and the one that publishes", () => {
    const [, nodes = ""] = /node: \[([\d, ]+)\]/.exec(read(`${folder}/ci.yml`)) ?? [];
    const tested = nodes.split(", ");
    expect(tested).toContain(/>=(\d+)/.exec(read("package.json"))?.[1]);
    expect(tested).toContain(/node-version: (\d+)/.exec(read(`${folder}/release.yml`))?.[1]);
  });
});

describe("docs/versions.md", () => {
  const examples = ["next", "sveltekit", "react-router", "nuxt", "astro", "tanstack-start"];
  const installed = Object.assign(
    {},
    ...[
      "package.json",
      "test/frameworks/package.json",
      "test/runtimes/package.json",
      ...examples.map((name) => `examples/full-stack/${name}/package.json`),
    ].flatMap((path) => [json(path)["dependencies"], json(path)["devDependencies"]]),
  ) as Record<string, string>;
  const PACKAGES: Readonly<Record<string, readonly string[]>> = {
    Node: ["node20", "node22", "node24", "node26"],
    "Bun, Deno, workerd": ["bun", "deno", "workerd"],
    Express: ["express", "express4"],
    Fastify: ["fastify"],
    Hono: ["hono"],
    Koa: ["koa"],
    h3: ["h3"],
    ws: ["ws"],
    "Socket.IO": ["socket.io"],
    crossws: ["crossws", "crossws-3"],
    NestJS: ["@nestjs/core"],
    Elysia: ["elysia"],
    "Next.js": ["next"],
    SvelteKit: ["@sveltejs/kit"],
    "React Router": ["react-router"],
    Nuxt: ["nuxt"],
    Astro: ["astro"],
    "TanStack Start": ["@tanstack/react-start"],
  };
  const rows = [...read("docs/versions.md").matchAll(/^\| ([\w., ]+) \| (\d[^|]*) \|/gm)]
    .map(([, name = "", tested = ""]) => [name.trim(), tested.trim().split(", ")] as const)
    .filter(([name]) => name !== "TypeScript");

  it("has a row for each framework and runtime", () => {
    expect(rows.map(([name]) => name)).toEqual(Object.keys(PACKAGES));
  });

  it.each(rows)("names the versions of %s that are tested", (name, tested) => {
    const versions = PACKAGES[name]?.map((each) => installed[each]?.replace(/^npm:.*@/, ""));
    expect(versions).toHaveLength(tested.length);
    tested.forEach((version, index) =>
      expect(`${versions?.[index]}.`.startsWith(`${version}.`) || versions?.[index]).toBe(true),
    );
  });
});
