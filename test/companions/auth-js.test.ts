// Runs the code for Auth.js in docs/other-sessions.md, each strategy in two processes.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ask, Jar } from "../adapters/wire.ts";
import { POSTGRES, PostgresServer } from "../support/postgres.ts";
import { RedisServer } from "../support/redis.ts";
import { available, command } from "../support/require.ts";
import { blocksOf, isInstalled, startProgram, writeProgram } from "./page-app.ts";

const [, DATABASE = "", JWT = ""] = blocksOf("other-sessions", "js");

const BEGINNING = `
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { ExpressAuth, getSession } from "@auth/express";
import PostgresAdapter from "@auth/pg-adapter";
import { liveSockets } from "@galleta/session/live-sockets";
import { redisBackplane } from "@galleta/session/redis";
import { parse } from "cookie";
import express from "express";
import { Redis } from "ioredis";
import pg from "pg";
import { WebSocketServer } from "ws";

const app = express();
const server = createServer(app);
const wss = new WebSocketServer({ noServer: true });
`;

const ENDING = `
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("disconnect", () => process.exit(0));
`;

const LINKS = `
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
if (process.env.TABLES) await pool.query(process.env.TABLES);
const sendVerificationRequest = ({ url }) => process.send({ url });
const providers = [
  { id: "link", name: "Link", type: "email", maxAge: 600, from: "app", sendVerificationRequest },
];
`;

const NAMES = `
import Credentials from "@auth/express/providers/credentials";
const live = liveSockets({ backplane: redisBackplane(new Redis(process.env.REDIS_URL)) });
const authorize = ({ name }) => ({ id: name, name });
const providers = [Credentials({ credentials: { name: {} }, authorize })];
`;

const HTTP = `
app.use("/auth", ExpressAuth(config));
`;

/** The tables that the adapter needs. */
const TABLES = `
create table users (id serial primary key, name text, email text, "emailVerified" timestamptz, image text);
create table sessions (id serial primary key, "userId" integer, expires timestamptz, "sessionToken" text);
create table accounts (id serial primary key, "userId" integer, type text, provider text,
  "providerAccountId" text);
create table verification_token (identifier text, expires timestamptz, token text,
  primary key (identifier, token));
`;

const isReady = available(POSTGRES, command("redis-server", "redis-server"));

describe.runIf(isReady && isInstalled("@auth/express"))(
  "an app of Auth.js in two processes",
  () => {
    const children: ChildProcess[] = [];
    let redis: RedisServer;
    let postgres: PostgresServer;

    beforeAll(async () => {
      [redis, postgres] = await Promise.all([RedisServer.start(), PostgresServer.start()]);
    });
    afterAll(async () => {
      for (const child of children) child.kill();
      await Promise.all([redis?.close(), postgres?.close()]);
    });

    async function start(path: string, env: Record<string, string> = {}): Promise<Process> {
      const { url: REDIS_URL } = redis;
      const AUTH_SECRET = "a key for tests of more than thirty-two characters";
      const { child, said } = await startProgram(path, {
        DATABASE_URL: postgres.url,
        REDIS_URL,
        AUTH_SECRET,
        AUTH_TRUST_HOST: "true",
        ...env,
      });
      children.push(child);
      return { origin: `http://127.0.0.1:${(said as { port: number }).port}`, child };
    }

    /** Posts a form of Auth.js with its token. @returns the address that it redirects to */
    async function post(origin: string, path: string, jar: Jar, fields: Record<string, string>) {
      const { body } = await ask(origin, "/auth/csrf", { jar });
      const { csrfToken } = JSON.parse(body) as { csrfToken: string };
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const form = new URLSearchParams({ csrfToken, ...fields }).toString();
      const answer = await ask(origin, `/auth/${path}`, {
        method: "POST",
        headers,
        jar,
        body: form,
      });
      expect(answer.status).toBe(302);
    }

    async function connect(origin: string, jar: Jar) {
      const socket = new WebSocket(origin.replace("http", "ws"), {
        headers: { cookie: jar.header },
      });
      const closed = new Promise<string>((resolve) => {
        socket.on("close", (code, reason) => resolve(`${code} ${reason.toString()}`));
      });
      await once(socket, "open");
      return { socket, closed };
    }

    /** Resolves if the other end still answers. */
    async function expectOpen({ socket }: { socket: WebSocket }): Promise<void> {
      socket.ping();
      await once(socket, "pong");
    }

    const refusal = (origin: string, jar: Jar) =>
      connect(origin, jar).then(
        () => "accepted",
        (error: Error) => error.message,
      );

    describe("with sessions in PostgreSQL", () => {
      const processes: Process[] = [];

      beforeAll(async () => {
        const path = await writeProgram("auth-js", BEGINNING + LINKS + DATABASE + ENDING);
        processes.push(await start(path, { TABLES }), await start(path));
      });

      async function logIn(at: number, email: string, jar = new Jar()): Promise<Jar> {
        const { origin, child } = processes[at]!;
        const sent = once(child, "message") as Promise<[{ url: string }]>;
        await post(origin, "signin/link", jar, { email });
        const [{ url }] = await sent;
        expect((await ask(origin, url.slice(origin.length), { jar })).status).toBe(302);
        return jar;
      }

      test("a logout closes the session's sockets in both, and no others", async () => {
        const [here, there] = processes.map(({ origin }) => origin) as [string, string];
        const [jar, other] = [await logIn(0, "ana@example.com"), await logIn(0, "ana@example.com")];
        const sockets = [await connect(here, jar), await connect(there, jar)];
        const stays = await connect(there, other);
        await post(here, "signout", jar, {});
        for (const { closed } of sockets) expect(await closed).toBe("1008 session ended");
        await expectOpen(stays);
        stays.socket.close();
        expect(await refusal(there, jar)).toContain("401");
      });

      test("a login as another user closes the sockets of the session before it", async () => {
        const there = processes[1]!.origin;
        await logIn(0, "cleo@example.com");
        const jar = await logIn(0, "ben@example.com");
        const before = await connect(there, jar);
        await logIn(0, "cleo@example.com", jar);
        expect(await before.closed).toBe("1008 session ended");
        const after = await connect(there, jar);
        await expectOpen(after);
        after.socket.close();
      });
    });

    describe("with tokens", () => {
      const processes: Process[] = [];

      beforeAll(async () => {
        const path = await writeProgram(
          "auth-js-jwt",
          BEGINNING + NAMES + JWT.replace("https", "http") + HTTP + ENDING,
        );
        processes.push(await start(path), await start(path));
      });

      test("a logout closes the sockets of its login in both, though Auth.js gave new tokens", async () => {
        const [here, there] = processes.map(({ origin }) => origin) as [string, string];
        const [jar, other] = [new Jar(), new Jar()];
        await post(here, "callback/credentials", jar, { name: "ana" });
        await post(here, "callback/credentials", other, { name: "ana" });
        const sockets = [await connect(here, jar), await connect(there, jar)];
        const stays = await connect(there, other);
        const before = jar.header;
        await ask(here, "/auth/session", { jar });
        expect(jar.header).not.toBe(before);
        await post(here, "signout", jar, {});
        for (const { closed } of sockets) expect(await closed).toBe("1008 session ended");
        await expectOpen(stays);
        stays.socket.close();
        expect(await refusal(there, jar)).toContain("401");
      });
    });
  },
);

interface Process {
  readonly origin: string;
  readonly child: ChildProcess;
}
