import { once } from "node:events";
import { WebSocketDisconnect } from "galleta";
import { describe, expect, test } from "vitest";
import { WebSocket as Client } from "ws";
import { appWith, latch, live, watchLog } from "./support/framework.ts";

const log = watchLog();

describe("pressure", () => {
  test("a view that does not read pushes the client back, and loses nothing", async () => {
    const app = appWith();
    const proceed = latch();
    app.websocketRoute("/slow", async (ws) => {
      await ws.accept();
      await proceed.opened;
      let count = 0;
      for await (const message of ws) {
        if (Number.parseInt(message, 10) !== count) throw new Error("out of order");
        if ((count += 1) === 20_000) await ws.send("all");
      }
    });
    app.websocketRoute("/echo", async (ws) => {
      for await (const message of ws) await ws.send(message);
    });
    const { wsUrl } = await live(app);
    const slow = new Client(`${wsUrl}/slow`);
    const echo = new Client(`${wsUrl}/echo`);
    await Promise.all([once(slow, "open"), once(echo, "open")]);
    // 80 MB: far more than sockets hold on both ends.
    for (let index = 0; index < 20_000; index += 1) slow.send(`${index} ${"x".repeat(4096)}`);
    // The server reads in turns. While the other socket sends back and forth, it would read these.
    const roundTrips = async (count: number) => {
      for (let index = 0; index < count; index += 1) {
        echo.send("x");
        await once(echo, "message");
      }
    };
    let before = Number.NaN;
    while (slow.bufferedAmount !== before) {
      before = slow.bufferedAmount;
      await roundTrips(200);
    }
    expect(slow.bufferedAmount).toBeGreaterThan(40_000_000);
    const all = once(slow, "message");
    proceed.open();
    expect(String((await all)[0])).toBe("all");
    slow.close();
    echo.close();
    expect(log()).not.toHaveBeenCalled();
  });

  test("a client that does not read makes send wait", async () => {
    const app = appWith();
    let sent = 0;
    const first = latch();
    const end = latch<unknown>();
    app.websocketRoute("/ws", { valueType: "bytes" }, async (ws) => {
      const chunk = new Uint8Array(256 * 1024);
      try {
        for (;;) {
          await ws.send(chunk);
          sent += 1;
          first.open();
        }
      } catch (error) {
        end.open(error);
      }
    });
    const server = await live(app);
    const client = new Client(`${server.wsUrl}/ws`);
    await once(client, "open");
    client.pause();
    await first.opened;
    let before = -1;
    while (sent !== before) {
      before = sent;
      for (let index = 0; index < 20; index += 1) await fetch(server.url);
    }
    expect(sent * 256 * 1024).toBeLessThan(64 * 1024 * 1024);
    client.resume();
    while (sent === before) await once(client, "message");
    client.terminate();
    expect(await end.opened).toBeInstanceOf(WebSocketDisconnect);
  });

  test("a view that does not await its sends cannot fill the memory", async () => {
    const app = appWith();
    const end = latch<unknown>();
    app.websocketRoute("/ws", { valueType: "bytes" }, async (ws) => {
      await ws.accept();
      const chunk = new Uint8Array(1024 * 1024);
      let last: Promise<void> | undefined;
      for (let index = 0; index < 200; index += 1) last = ws.send(chunk);
      await last!.catch(end.open);
    });
    const server = await live(app);
    const client = new Client(`${server.wsUrl}/ws`);
    client.on("error", () => undefined);
    const closed = once(client, "close");
    expect(await end.opened).toBeInstanceOf(WebSocketDisconnect);
    expect((await closed)[0]).toBe(1006);
  });
});
