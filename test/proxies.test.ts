import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { request } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSessions } from "@galleta/session";
import { session } from "@galleta/session/node";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { session as socketSession } from "@galleta/session/ws";
import { ask, type Sent } from "./adapters/wire.ts";
import { makeCertificate, OPENSSL } from "./support/certificate.ts";
import { available, command } from "./support/require.ts";
import { endsWithTest } from "./support/child.ts";
import { freePort } from "./support/port.ts";

const SECRET = "a secret key of the suite of proxies, long enough";
const page = readFileSync(fileURLToPath(new URL("../docs/proxies.md", import.meta.url)), "utf8");

/** The blocks of one language in docs/proxies.md. */
const blocksOf = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(
    ([, text = ""]) => text,
  );

interface Proxy {
  readonly name: string;
  readonly debianPackage: string;
  /** Turns the block into a configuration that runs without rights. @returns command and arguments */
  readonly start: (folder: string, block: string) => readonly [string, ...string[]];
  /** The block of a proxy behind another one. */
  readonly inner: (outer: string, differs: string) => string;
}

const without = (text: string, line: RegExp) =>
  text
    .split("\n")
    .filter((each) => !line.test(each))
    .join("\n");

const PROXIES: readonly Proxy[] = [
  {
    name: "nginx",
    debianPackage: "nginx",
    start(folder, block) {
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
        .join("\n");
      const file = join(folder, "nginx.conf");
      writeFileSync(
        file,
        `pid ${folder}/pid; daemon off; error_log ${folder}/error.log; worker_processes 1;
         events {} http { access_log off; ${temporary}\n${block} }`,
      );
      return ["nginx", "-c", file, "-p", folder];
    },
    inner: (outer, differs) =>
      differs
        .split("\n")
        .filter(Boolean)
        .reduce((text, line) => {
          const header = /X-Forwarded-\w+/.exec(line)?.[0] ?? "";
          return text.replace(new RegExp(`^.*proxy_set_header ${header} .*$`, "m"), line);
        }, outer),
  },
  {
    name: "haproxy",
    debianPackage: "haproxy",
    start(folder, block) {
      const file = join(folder, "haproxy.cfg");
      writeFileSync(file, `${block}\n`);
      return ["haproxy", "-db", "-f", file];
    },
    inner: (outer, differs) =>
      without(outer, /set-header X-Forwarded/).replace("  mode http\n", `  mode http\n${differs}`),
  },
  {
    name: "apache",
    debianPackage: "apache2",
    start(folder, block) {
      const modules = "mpm_event authz_core proxy proxy_http proxy_wstunnel headers"
        .split(" ")
        .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
        .join("\n");
      const port = /\*:(\d+)/.exec(block)?.[1] ?? "";
      const file = join(folder, "apache.conf");
      mkdirSync(join(folder, "run"));
      writeFileSync(
        file,
        `ServerRoot ${folder}\nDefaultRuntimeDir ${folder}/run\nPidFile ${folder}/pid
ErrorLog ${folder}/error.log\nServerName localhost\nListen 127.0.0.1:${port}\n${modules}\n${block}`,
      );
      return ["apache2", "-f", file, "-DFOREGROUND"];
    },
    inner: (outer) => without(outer, /RequestHeader .*X-Forwarded/),
  },
  {
    name: "caddy",
    debianPackage: "caddy",
    start(folder, block) {
      const file = join(folder, "Caddyfile");
      writeFileSync(
        file,
        `{\n  admin off\n  auto_https off\n  storage file_system ${folder}\n}\n${block}`,
      );
      return ["caddy", "run", "--config", file, "--adapter", "caddyfile"];
    },
    inner: (outer, differs) => outer.replace(/ {2}reverse_proxy .*? {2}\}\n/s, differs),
  },
];

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function serveApp(trustProxy: number | false): Promise<number> {
  const options = { secretKey: SECRET, trustProxy, httpsOnly: "auto", chunks: true } as const;
  const sessions = createSessions({ ...options, onEvent: () => {} });
  const withSession = session(sessions);
  const server: Server = createServer(
    withSession((req, res) => {
      const data = req.session as Record<string, unknown>;
      if (req.url === "/large") data["large"] = "x".repeat(4000);
      else data["visits"] = Number(data["visits"] ?? 0) + 1;
      res.end(`visits ${String(data["visits"])}`);
    }),
  );
  const wss = new WebSocketServer({ noServer: true });
  wss.on("connection", (ws) => {
    // Apache sends an error page into the socket when its client disconnects.
    ws.on("error", () => {});
    ws.send("open");
  });
  server.on("upgrade", socketSession(sessions)(wss));
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Runs a proxy with a block of the page in front of a port. */
async function runProxy(proxy: Proxy, block: string, target: number): Promise<number> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), `galleta-${proxy.name}-`));
  const text = block
    .replace("listen 80", `listen 127.0.0.1:${port}`)
    .replace("bind :80", `bind 127.0.0.1:${port}`)
    .replace("*:80", `127.0.0.1:${port}`.replace("127.0.0.1", "*"))
    .replace(/^example\.com \{/m, `http://:${port} {`)
    .replaceAll("127.0.0.1:3000", `127.0.0.1:${target}`);
  const [program, ...args] = proxy.start(folder, text);
  const child: ChildProcess = endsWithTest(
    spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder },
    }),
  );
  let said = "";
  child.stdout?.on("data", (data) => (said += String(data)));
  child.stderr?.on("data", (data) => (said += String(data)));
  const gone = new Promise((resolve) => child.once("exit", resolve));
  closing.push(async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
    await gone;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  });
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`${proxy.name} ended: ${said}`);
    if (await accepts(port)) return port;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${proxy.name} does not listen: ${said}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Returns a socket's first message, or the status of its denial. */
function open(port: number, headers: Record<string, string>, scheme = "ws"): Promise<string> {
  return new Promise((resolve) => {
    const options = { headers, rejectUnauthorized: false };
    const ws = new WebSocket(`${scheme}://127.0.0.1:${port}/feed`, options);
    ws.once("message", (data) => {
      resolve(String(data));
      ws.terminate();
    });
    ws.once("unexpected-response", (_req, res) => resolve(String(res.statusCode)));
    ws.once("error", (error) => resolve(String(error)));
  });
}

const post = (
  port: number,
  headers: Record<string, string>,
  path = "/",
): Promise<{ status: number; setCookie: readonly string[] }> => {
  const sent: Sent = { method: "POST", headers, body: "a=1" };
  return ask(`http://127.0.0.1:${port}`, path, sent);
};

function postOverTls(
  port: number,
  headers: Record<string, string>,
): Promise<{ status: number; setCookie: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const options = { method: "POST", headers, rejectUnauthorized: false, agent: false };
    const req = request(`https://127.0.0.1:${port}/`, options, (res) => {
      res.resume();
      res.on("end", () =>
        resolve({ status: res.statusCode ?? 0, setCookie: res.headers["set-cookie"] ?? [] }),
      );
    });
    req.on("error", reject);
    req.end("a=1");
  });
}

const runs = (proxy: Proxy) => available(command(proxy.debianPackage, proxy.debianPackage));
const blockOf = (proxy: Proxy) => blocksOf(proxy.name)[0] ?? "";
const innerOf = (proxy: Proxy) => proxy.inner(blockOf(proxy), blocksOf(proxy.name)[1] ?? "");

describe.each(PROXIES)("docs/proxies.md, $name", (proxy) => {
  const block = blockOf(proxy);

  it.runIf(runs(proxy))(
    "one proxy: forms and sockets of its own page pass, others do not",
    async () => {
      const port = await runProxy(proxy, block, await serveApp(1));
      const host = "shop.example:8080";
      const own = { host, origin: "http://shop.example:8080" };
      expect((await post(port, own)).status).toBe(200);
      expect(await open(port, own)).toBe("open");
      const foreign = { host, origin: "http://evil.example" };
      expect((await post(port, foreign)).status).toBe(403);
      expect(await open(port, foreign)).toBe("403");
      // A client that sends the proxy's headers itself.
      const spoofed = {
        ...foreign,
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "http",
        "x-forwarded-for": "10.0.0.1",
        forwarded: "host=evil.example;proto=http",
      };
      expect((await post(port, spoofed)).status).toBe(403);
      expect(await open(port, spoofed)).toBe("403");
      const claimsTls = { host, origin: "https://shop.example:8080", "x-forwarded-proto": "https" };
      expect((await post(port, claimsTls)).status).toBe(403);
    },
  );

  it.runIf(runs(proxy))("one proxy: the largest session that chunks allow passes", async () => {
    const port = await runProxy(proxy, block, await serveApp(1));
    const own = { host: "shop.example", origin: "http://shop.example" };
    const { status, setCookie } = await post(port, own, "/large");
    expect([status, setCookie.length]).toEqual([200, 2]);
    const cookie = setCookie.map((line) => line.slice(0, line.indexOf(";"))).join("; ");
    expect((await post(port, { ...own, cookie })).status).toBe(200);
    expect(await open(port, { ...own, cookie })).toBe("open");
  });

  it.runIf(runs(proxy))(
    "behind one that ends TLS: the page's origin is https, the cookie is Secure",
    async () => {
      const inner = innerOf(proxy);
      expect(inner).not.toBe(block);
      const port = await runProxy(proxy, inner, await serveApp(2));
      // The headers that the outer proxy sends on.
      const outer = {
        host: "shop.example",
        "x-forwarded-host": "shop.example",
        "x-forwarded-proto": "https",
        "x-forwarded-for": "203.0.113.7",
      };
      const own = { ...outer, origin: "https://shop.example" };
      const { status, setCookie } = await post(port, own);
      expect(status).toBe(200);
      expect(setCookie[0]).toContain("; Secure");
      expect(await open(port, own)).toBe("open");
      const foreign = { ...outer, origin: "http://shop.example" };
      expect((await post(port, foreign)).status).toBe(403);
      expect(await open(port, foreign)).toBe("403");
    },
  );
});

const PAIRS = PROXIES.flatMap((outer) => PROXIES.map((inner) => ({ outer, inner })));

describe.each(PAIRS)("docs/proxies.md, $outer.name in front of $inner.name", ({ outer, inner }) => {
  it.runIf(runs(outer) && runs(inner))("forms and sockets of its own page pass", async () => {
    const between = await runProxy(inner, innerOf(inner), await serveApp(2));
    const port = await runProxy(outer, blockOf(outer), between);
    const host = "shop.example:8080";
    const own = { host, origin: "http://shop.example:8080" };
    expect((await post(port, own)).status).toBe(200);
    expect(await open(port, own)).toBe("open");
    // The outer proxy drops a client's forged proxy headers.
    const spoofed = {
      host,
      origin: "https://evil.example",
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      "x-forwarded-for": "10.0.0.1",
      forwarded: "host=evil.example;proto=https",
    };
    expect((await post(port, spoofed)).status).toBe(403);
    expect(await open(port, spoofed)).toBe("403");
    expect((await post(port, { ...spoofed, ...own })).status).toBe(200);
  });
});

describe.each(PROXIES)("docs/proxies.md, nginx that ends TLS in front of $name", (inner) => {
  const [nginx] = PROXIES as [Proxy];
  const isReady = runs(nginx) && runs(inner) && available(OPENSSL);

  it.runIf(isReady)("the page's origin is https, and the cookie is Secure", async () => {
    const folder = mkdtempSync(join(tmpdir(), "galleta-proxies-tls-"));
    closing.push(() => rmSync(folder, { recursive: true }));
    const { cert, key } = makeCertificate("shop.example");
    writeFileSync(join(folder, "cert.pem"), cert);
    writeFileSync(join(folder, "key.pem"), key);
    const certificate = `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;`;
    const block = blockOf(nginx).replace("listen 80;", `listen 80 ssl; ${certificate}`);
    const between = await runProxy(inner, innerOf(inner), await serveApp(2));
    const port = await runProxy(nginx, block, between);
    const own = { host: "shop.example", origin: "https://shop.example" };
    const { status, setCookie } = await postOverTls(port, own);
    expect(status).toBe(200);
    expect(setCookie[0]).toContain("; Secure");
    expect(await open(port, own, "wss")).toBe("open");
    const foreign = { ...own, origin: "http://shop.example" };
    expect((await postOverTls(port, foreign)).status).toBe(403);
    expect(await open(port, foreign, "wss")).toBe("403");
  });
});
