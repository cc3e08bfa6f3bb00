import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";
import { io } from "socket.io-client";
import { WebSocket } from "ws";
import { ask, Jar } from "../adapters/wire.ts";
import { endsWithTest, killChild } from "./child.ts";

/** A running example. */
export interface Started {
  readonly origin: string;
  stop(): Promise<void>;
}

/**
 * Starts a program that prints `listening on port N`.
 *
 * @param args of Node
 */
export async function startExample(args: readonly string[], cwd: string): Promise<Started> {
  const child = endsWithTest(
    spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, PORT: "0", SECRET_KEY: "the secret key of an example, in its test" },
    }),
  );
  let said = "";
  const port = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: unknown) => {
      said += String(chunk);
      const match = /listening on port (\d+)/.exec(said);
      if (match?.[1] !== undefined) resolve(match[1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => reject(new Error(`${args.join(" ")} ended: ${said}`)));
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: () => killChild(child),
  };
}

/** Checks what every example does: it counts visits and knows who is logged in. */
export async function visit(origin: string): Promise<void> {
  const jar = new Jar();
  const told = async (path: string, method = "GET", headers = {}) => {
    const { status, body } = await ask(origin, path, { jar, method, headers });
    return { status, ...(JSON.parse(body) as object) };
  };
  expect(await told("/")).toEqual({ status: 200, visits: 1, user: null });
  expect(await told("/")).toEqual({ status: 200, visits: 2, user: null });
  const foreign = { origin: "https://evil.example" };
  expect(await told("/login/eva", "POST", foreign)).toMatchObject({ status: 403 });
  expect(await told("/login/ana", "POST", { origin })).toMatchObject({ status: 200, user: "ana" });
  expect(await told("/")).toEqual({ status: 200, visits: 3, user: "ana" });
  expect(await told("/logout", "POST", { origin })).toMatchObject({ status: 200, user: null });
  expect(await told("/")).toEqual({ status: 200, visits: 1, user: null });
}

/** Checks what the examples with sockets do: only users who are logged in can talk. */
export async function chat(origin: string, isSocketIo: boolean): Promise<void> {
  const open = isSocketIo ? openSocketIo : openWebSocket;
  await expect(open(origin, "")).rejects.toThrow();
  const jar = new Jar();
  await ask(origin, "/login/ana", { jar, method: "POST" });
  const socket = await open(origin, jar.header);
  expect(await socket.say("hello")).toBe("ana: hello");
  await ask(origin, "/logout", { jar, method: "POST" });
  await socket.closed;
}

interface Talker {
  readonly closed: Promise<unknown>;
  say(message: string): Promise<string>;
}

async function openWebSocket(origin: string, cookie: string): Promise<Talker> {
  const ws = new WebSocket(origin.replace("http", "ws"), { headers: { cookie } });
  await once(ws, "open");
  return {
    closed: once(ws, "close"),
    async say(message) {
      ws.send(message);
      const [data] = (await once(ws, "message")) as [unknown];
      return String(data);
    },
  };
}

async function openSocketIo(origin: string, cookie: string): Promise<Talker> {
  const socket = io(origin, { extraHeaders: { cookie }, reconnection: false, forceNew: true });
  await new Promise<void>((resolve, reject) => {
    socket.on("connect", resolve);
    socket.on("connect_error", reject);
  });
  return {
    closed: new Promise((resolve) => socket.on("disconnect", resolve)),
    say(message) {
      socket.emit("message", message);
      return new Promise((resolve) => socket.once("message", resolve));
    },
  };
}
