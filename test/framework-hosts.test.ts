import { describe, expect, test } from "vitest";
import { appWith, live, raw, SESSIONS, watchLog } from "./support/framework.ts";

watchLog();

const ask = (host: string, more = "connection: close\r\n") =>
  `GET /hello HTTP/1.1\r\nhost: ${host}\r\n${more}\r\n`;
const HANDSHAKE =
  "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n";

describe.each([
  ["with sessions", { SESSIONS }],
  ["without sessions", {}],
])("ALLOWED_HOSTS %s", (_, settings) => {
  async function start() {
    const app = appWith({ ...settings, ALLOWED_HOSTS: ["shop.example", "*.cdn.example"] });
    app.route("/hello", (_req, res) => (res.text = "hello"));
    app.websocketRoute("/hello", async (ws) => ws.close());
    return live(app);
  }

  test.each(["shop.example", "shop.example:8080", "img.cdn.example"])("serves %s", async (host) => {
    expect(await raw(await start(), ask(host))).toMatch(/^HTTP\/1\.1 200/);
  });

  test.each(["evil.example", "shop.example.evil.example", "cdn.example", "127.0.0.1"])(
    "denies %s, over HTTP and for a socket",
    async (host) => {
      const server = await start();
      for (const request of [ask(host), ask(host, HANDSHAKE)]) {
        const answer = await raw(server, request);
        expect(answer).toMatch(/^HTTP\/1\.1 400/);
        expect(answer).toContain('"code":"ERR_SESSION_HOST","rule":"host-not-allowed"');
      }
    },
  );
});

test("a wrong list throws at set-up, without being shown", () => {
  expect(() => appWith({ ALLOWED_HOSTS: ["https://hidden.example/"] })).toThrow(
    expect.objectContaining({
      code: "ERR_GALLETA_SETTINGS",
      message: expect.not.stringContaining("hidden"),
    }),
  );
});

test("the answer to another site names its rule", async () => {
  const app = appWith({ SESSIONS });
  app.route("/", { methods: ["POST"] }, () => undefined);
  const server = await live(app);
  const response = await fetch(server.url, {
    method: "POST",
    headers: { "sec-fetch-site": "cross-site" },
  });
  expect(await response.json()).toEqual({
    status: 403,
    error: "Forbidden",
    detail: expect.any(String),
    code: "ERR_SESSION_CSRF",
    rule: "sec-fetch-site",
  });
});
