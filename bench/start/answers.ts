import { fileURLToPath } from "node:url";
import { start, stop, waitFor } from "../lib/children.ts";
import type { Finding } from "../lib/findings.ts";
import { startServer } from "../lib/server.ts";
import { HERE } from "../lib/tree.ts";

const CLI = fileURLToPath(new URL("../../packages/galleta/bin/galleta.js", import.meta.url));

/** Measures the time until `galleta serve` answers, compared with uvicorn and Starlette. */
export async function answerTimes(node: string, rounds: number): Promise<Finding> {
  const app = await HERE.bundle("scale/servers/app.ts");
  const times: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const ratio = (await serveTime(node, app)) / (await starletteTime(node));
    if (round >= 0) times.push(ratio);
  }
  return {
    what: "`galleta serve app.js`: until it answers, of uvicorn with Starlette",
    unit: "x",
    atMost: 1.5,
    rounds: times,
  };
}

async function serveTime(node: string, app: string): Promise<number> {
  const began = performance.now();
  const child = start([node, CLI, "serve", app, "--port", "0"], {
    core: 0,
    env: { NODE_ENV: "production" },
  });
  const said = await waitFor(child, "Listening on ");
  const port = /^http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
  await (await fetch(`http://127.0.0.1:${port}/login?n=1`)).arrayBuffer();
  const took = performance.now() - began;
  await stop(child);
  return took;
}

async function starletteTime(node: string): Promise<number> {
  const began = performance.now();
  const server = await startServer(node, "http/servers/asgi.py", ["session"]);
  await (await fetch(`${server.url}/login?n=1`)).arrayBuffer();
  const took = performance.now() - began;
  await server.stop();
  return took;
}
