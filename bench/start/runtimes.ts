import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { cpuSeconds, start, stop } from "../lib/children.ts";
import type { Finding } from "../lib/findings.ts";
import { cacheFolder } from "../lib/tools.ts";

const installed = (name: string) =>
  fileURLToPath(new URL(`../../test/runtimes/node_modules/.bin/${name}`, import.meta.url));

/** Returns the Bun that the tests of the runtimes use, if it is installed. */
export function bunPath(): string | undefined {
  return [installed("bun"), installed("workerd")].every((path) => existsSync(path))
    ? installed("bun")
    : undefined;
}

const BARE = "export default { fetch: () => Response.json({ views: 1 }) };";
const WITH_SESSION = `import { session } from "@galleta/session/fetch";
const withSession = session({ secretKey: "a secret of forty-four characters, all in a line" });
export default {
  fetch: withSession((request, context) => {
    context.session.views = (context.session.views ?? 0) + 1;
    return Response.json(context.session);
  }),
};`;

/** Measures workerd's processor time until its first answer: how much a session adds. */
export async function workerdTimes(rounds: number): Promise<Finding> {
  const bare = await bundle("bare", BARE);
  const ours = await bundle("session", WITH_SESSION);
  const times: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const more = (await firstAnswer(ours)) - (await firstAnswer(bare));
    if (round >= 0) times.push(more);
  }
  return {
    what: "workerd: until the first answer with a session that /fetch wrote, more than without",
    unit: " ms",
    rounds: times,
  };
}

async function bundle(name: string, contents: string): Promise<string> {
  const folder = join(cacheFolder(), "run", `worker-${name}`);
  mkdirSync(folder, { recursive: true });
  await build({
    stdin: { contents, resolveDir: cacheFolder() },
    outfile: join(folder, "worker.mjs"),
    bundle: true,
    minify: true,
    format: "esm",
    conditions: ["workerd", "worker", "import"],
    external: ["node:*", "cloudflare:*"],
    logLevel: "error",
  });
  return folder;
}

async function firstAnswer(folder: string): Promise<number> {
  const port = await freePort();
  writeFileSync(join(folder, "worker.capnp"), config(port));
  const worker = start([installed("workerd"), "serve", join(folder, "worker.capnp")]);
  try {
    for (;;) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/`);
        await response.arrayBuffer();
        if (response.status !== 200) throw new RangeError(`workerd answers ${response.status}.`);
        return cpuSeconds(worker.pid ?? 0) * 1000;
      } catch (error) {
        if (error instanceof RangeError || worker.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
  } finally {
    await stop(worker);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const config = (port: number) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  compatibilityDate = "2025-09-01",
  compatibilityFlags = ["nodejs_compat"]
);
`;
