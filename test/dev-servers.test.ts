// docs/dev-servers.md: an app behind Vite's proxy, configured as the page does.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessions } from "@galleta/session";
import { session } from "@galleta/session/node";
import { session as socketSession, sessionOf } from "@galleta/session/ws";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createServer as createVite, type UserConfig, type ViteDevServer } from "vite";
import { WebSocket, WebSocketServer } from "ws";
import { ask, Jar } from "./adapters/wire.ts";
import { ROOT } from "./support/cli.ts";

const page = readFileSync(join(ROOT, "docs/dev-servers.md"), "utf8");
const [, block = ""] = /```js\n(.*?)```/s.exec(page) ?? [];

/** An app with a form and a socket, both with the session. */
async function startApp(trustedOrigins: string[] = []): Promise<Server> {
  const sessions = createSessions<{ user?: string }>({
    secretKey: "a key for tests of more than thirty-two characters",
    trustedOrigins,
  });
  const server = createServer(
    session(sessions)((req, res) => {
      if (req.method === "POST") req.session.user = "ada";
      res.end(req.session.user ?? "nobody");
    }),
  );
  const wss = new WebSocketServer({ noServer: true });
  server.on("upgrade", socketSession(sessions)(wss));
  wss.on("connection", (ws) => ws.send(sessionOf<{ user?: string }>(ws).user ?? "nobody"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

describe("an app behind Vite's proxy", () => {
  let app: Server;
  let vite: ViteDevServer | undefined;
  beforeAll(async () => {
    app = await startApp();
  });
  afterEach(() => vite?.close());
  afterAll(() => void app.close());

  async function startVite(target: Server, change = (config: string) => config): Promise<string> {
    const { port } = target.address() as AddressInfo;
    const text = change(block.replaceAll("localhost:3000", `127.0.0.1:${port}`));
    const module = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
      default: UserConfig;
    };
    vite = await createVite({
      configFile: false,
      logLevel: "silent",
      root: tmpdir(),
      server: { ...module.default.server, port: 0, host: "127.0.0.1", watch: null },
    });
    await vite.listen();
    const [url = ""] = vite.resolvedUrls?.local ?? [];
    return new URL(url).origin;
  }

  it("takes forms and sockets of the page", async () => {
    const origin = await startVite(app);
    const jar = new Jar();
    const headers = { origin };
    expect((await ask(origin, "/api", { jar, method: "POST", headers })).body).toBe("ada");
    const socket = new WebSocket(`${origin.replace("http", "ws")}/feed`, {
      headers: { origin, cookie: jar.header },
    });
    const [message] = (await once(socket, "message")) as [Buffer];
    expect(String(message)).toBe("ada");
    socket.close();
    await once(socket, "close");
  });

  it("denies another site through the proxy too", async () => {
    const origin = await startVite(app);
    const headers = { origin: "https://evil.example" };
    expect((await ask(origin, "/api", { method: "POST", headers })).status).toBe(403);
  });

  it("is another site with the short form, until the page's origin is trusted", async () => {
    const change = (config: string) =>
      config.replace(/"\/api": \{ target: ("[^"]+") \}/, '"/api": $1');
    const origin = await startVite(app, change);
    const sent = { method: "POST", headers: { origin } };
    const denied = await ask(origin, "/api", sent);
    expect(denied.status).toBe(403);
    expect(denied.body).toContain("trustedOrigins");
    await vite?.close();
    const port = Number(new URL(origin).port);
    const trusting = await startApp([`http://127.0.0.1:${port}`]);
    const { port: target } = trusting.address() as AddressInfo;
    vite = await createVite({
      configFile: false,
      logLevel: "silent",
      root: tmpdir(),
      server: {
        port,
        host: "127.0.0.1",
        watch: null,
        proxy: { "/api": { target: `http://127.0.0.1:${target}`, changeOrigin: true } },
      },
    });
    await vite.listen();
    expect((await ask(origin, "/api", sent)).body).toBe("ada");
    trusting.close();
  });
});
