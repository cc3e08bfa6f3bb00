import { App, serve, type Server } from "galleta";
import { createClient, LiveServer } from "galleta/testing";
import { describe, expect, test, vi } from "vitest";
import { appWith, atEnd, live, raw, watchLog, type Data } from "./support/framework.ts";

const log = watchLog();

describe("serving", () => {
  test("an app that is not configured says so", async () => {
    const app = new App();
    await expect(serve(app)).rejects.toMatchObject({ code: "ERR_GALLETA_NOT_CONFIGURED" });
    expect(() => app.fetch(new Request("http://a/"))).toThrow("configure(app");
    await expect(createClient(app).get("/")).rejects.toThrow("configure(app");
    const unknown = {
      code: "ERR_GALLETA_SETTINGS",
      message: expect.stringContaining("Did you mean"),
    };
    await expect(serve(app, { host: "::1" } as never)).rejects.toMatchObject(unknown);
    expect(() => createClient(app, { baseURL: "http://a" } as never)).toThrow(
      /Did you mean baseUrl/,
    );
  });

  test("starts before it listens, and stops in the opposite order", async () => {
    const app = appWith();
    const inner = new App<Data>();
    const seen: string[] = [];
    app.on("startup", async () => void seen.push("start 1"));
    app.on("startup", () => void seen.push("start 2"));
    inner.on("startup", () => void seen.push("start inner"));
    app.on("shutdown", () => void seen.push("stop 1"));
    app.on("shutdown", () => {
      seen.push("stop 2");
      throw new Error("shutdown failed");
    });
    inner.on("shutdown", () => void seen.push("stop inner"));
    app.mount("/inner", inner);
    const server = await LiveServer.start(app);
    const second = await LiveServer.start(app);
    expect(seen).toEqual(["start 1", "start 2", "start inner"]);
    await second.close();
    expect(seen).toHaveLength(3);
    await server.close();
    await server.close();
    expect(seen.slice(3)).toEqual(["stop inner", "stop 2", "stop 1"]);
    expect(log()).toHaveBeenCalledOnce();
  });

  test("a startup listener that fails keeps it from listening", async () => {
    const app = appWith();
    const stop = vi.fn();
    app.on("startup", () => Promise.reject(new Error("no database")));
    app.on("shutdown", stop);
    await expect(LiveServer.start(app)).rejects.toThrow("no database");
    expect(stop).toHaveBeenCalledOnce();
  });

  test("a port in use is Node's own error, and the app is stopped again", async () => {
    const { port } = await live(appWith());
    const app = appWith();
    const stop = vi.fn();
    app.on("shutdown", stop);
    await expect(serve(app, { port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect(stop).toHaveBeenCalledOnce();
  });

  test("close lets requests finish, and accepts no more", async () => {
    const app = appWith();
    let enter!: () => void;
    let leave!: () => void;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    const left = new Promise<void>((resolve) => (leave = resolve));
    app.route("/slow", async (_req, res) => {
      enter();
      await left;
      res.text = "done";
    });
    const server = await LiveServer.start(app);
    const response = fetch(`${server.url}/slow`);
    await entered;
    const closed = server.close({ timeout: 30 });
    await expect(fetch(server.url)).rejects.toThrow();
    leave();
    expect(await (await response).text()).toBe("done");
    await closed;
  });

  test("requests that do not finish in time are cut off", async () => {
    const app = appWith();
    let enter!: () => void;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    app.route("/stuck", () => {
      enter();
      return new Promise(() => undefined);
    });
    const server = await LiveServer.start(app);
    const response = fetch(`${server.url}/stuck`);
    const failed = expect(response).rejects.toThrow();
    await entered;
    await server.close({ timeout: 0 });
    await failed;
  });

  test("an upgrade to something unknown is ignored", async () => {
    const app = appWith();
    app.websocketRoute("/ws", () => undefined);
    app.route("/", { methods: ["GET", "POST"] }, (_req, res) => (res.text = "plain"));
    const server = await live(app);
    const head = "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n";
    const get = await raw(server, `GET / HTTP/1.1\r\n${head}\r\n`);
    expect(get).toMatch(/^HTTP\/1.1 200/);
    expect(get).toMatch(/plain$/);
    const post = await raw(server, `POST / HTTP/1.1\r\n${head}Content-Length: 0\r\n\r\n`);
    expect(post).toMatch(/^HTTP\/1.1 400/);
  });

  test("two servers of one machine", async () => {
    const servers: Server[] = [];
    for (const name of ["one", "two"]) {
      const app = appWith();
      app.route("/", (_req, res) => (res.text = name));
      servers.push(await serve(app, { port: 0 }));
    }
    for (const server of servers) atEnd(() => server.close({ timeout: 0 }));
    const texts = servers.map(async ({ url }) => (await fetch(url)).text());
    expect(await Promise.all(texts)).toEqual(["one", "two"]);
  });
});
