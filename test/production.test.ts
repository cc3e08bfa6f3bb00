// docs/production.md: the app, the commands of its Dockerfile and of its unit, as they stand.
import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BIN, CliBench, eventually, ROOT, SECRET_KEY } from "./support/cli.ts";
import { available, command } from "./support/require.ts";
import { endsWithTest, killChild } from "./support/child.ts";
import { freePort } from "./support/port.ts";

const run = promisify(execFile);
const page = readFileSync(join(ROOT, "docs/production.md"), "utf8");
const block = (language: string) =>
  new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(page)?.[1] ?? "";
const line = (text: string, start: string) =>
  new RegExp(`^${start}(.*)$`, "m").exec(text)?.[1] ?? "";

describe("docs/production.md", () => {
  let bench: CliBench;
  let child: ChildProcess | undefined;
  beforeAll(() => {
    bench = new CliBench();
    bench.file("app.ts", block("ts"));
    mkdirSync(join(bench.folder, "node_modules/.bin"), { recursive: true });
    symlinkSync(BIN, join(bench.folder, "node_modules/.bin/galleta"));
  });
  afterEach(async () => {
    if (child !== undefined) await killChild(child);
  });
  afterAll(() => bench.end());

  /** Starts a command in the app's folder, and waits until it is healthy. */
  async function start([program = "", ...args]: readonly string[]) {
    const port = await freePort();
    const { PATH, HOME } = process.env;
    child = endsWithTest(
      spawn(program, args, {
        cwd: bench.folder,
        env: { PATH, HOME, PORT: String(port), SECRET_KEY, NODE_ENV: "production" },
        stdio: "ignore",
      }),
    );
    const ended = once(child, "exit");
    const url = `http://127.0.0.1:${port}`;
    await eventually(
      async () => (await fetch(`${url}/health`).catch(() => undefined))?.ok === true,
    );
    return { url, port, ended, child };
  }

  it("has a Dockerfile whose command serves, is healthy, and stops at SIGTERM", async () => {
    const dockerfile = block("dockerfile");
    const app = await start(JSON.parse(line(dockerfile, "CMD ")) as string[]);
    const [program = "", ...args] = JSON.parse(
      line(dockerfile, "HEALTHCHECK .* CMD ").replace("8000", String(app.port)),
    ) as string[];
    await run(program, args);
    app.child.kill("SIGTERM");
    expect(await app.ended).toEqual([0, null]);
    // The check fails where nothing answers.
    await expect(run(program, args)).rejects.toMatchObject({ code: 1 });
  });

  it("has a unit that serves, reloads, and stops at SIGTERM", async () => {
    const unit = block("ini");
    const folder = line(unit, "WorkingDirectory=");
    const command = line(unit, "ExecStart=").replaceAll(folder, bench.folder);
    const app = await start(command.split(" "));
    expect(line(unit, "ExecReload=")).toBe("/bin/kill -HUP $MAINPID");
    app.child.kill("SIGHUP");
    for (let i = 0; i < 20; i += 1) {
      expect((await fetch(`${app.url}/health`)).status).toBe(200);
    }
    app.child.kill("SIGTERM");
    expect(await app.ended).toEqual([0, null]);
  });

  it("has a health check without a session, and a page with one", async () => {
    const app = await start(["node_modules/.bin/galleta", "serve", "app.ts"]);
    const health = await fetch(`${app.url}/health`);
    expect(health.headers.getSetCookie()).toEqual([]);
    expect(health.headers.get("vary")).toBeNull();
    const proxied = { "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1" };
    const [cookie] = (await fetch(`${app.url}/`, { headers: proxied })).headers.getSetCookie();
    expect(cookie).toMatch(/; Secure/i);
  });
});

describe.runIf(available(command("systemd-analyze", "systemd")))("the unit", () => {
  it("is one that systemd accepts", () => {
    const bench = new CliBench();
    // What is not of this machine: the program and the user.
    const unit = block("ini")
      .replace(/^ExecStart=\S+/m, "ExecStart=/bin/true")
      .replace(/^User=.*$/m, "User=root");
    const file = bench.file("my-app.service", unit);
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], {
      encoding: "utf8",
    });
    const about = stderr.split("\n").filter((text) => text.includes("my-app.service"));
    expect({ status, about }).toEqual({ status: 0, about: [] });
    return bench.end();
  });
});
