// Compiles every example in a doc comment, and runs the claims in `expression; // value`.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createSessions } from "@galleta/session";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, errorsIn } from "./support/compile.ts";
import { claimsOf, findExamples, importsOf, root } from "./support/doc-examples.ts";
import { KEY } from "./support/sessions.ts";

const folder = join(root, "test/.scratch/doc-examples");

/** What the app of the examples has, beside the examples' imports. */
const WORLD = `
import type { App, HttpRequest, HttpResponse, Socket } from "galleta";
import type { Sessions } from "@galleta/session";
import type { RequestFacts, Denial } from "@galleta/session/adapter";
declare module "@galleta/session" {
  interface SessionData {
    views: number;
    visits: number;
    user: string;
    userId: string;
    name: string;
    isAdmin: boolean;
    lastId: number;
    lastSeen: number;
    cart: { items: string[] };
  }
}
declare global {
  const app: App;
  const adminApp: App;
  const req: HttpRequest;
  const res: HttpResponse;
  const ws: Socket;
  const request: Request;
  const response: Response;
  const facts: RequestFacts;
  const denial: Denial;
  const sessions: Sessions;
  const context: import("@galleta/session/adapter").SessionContext;
  const socket: WebSocket;
  const server: import("node:http").Server;
  const http2Server: import("node:http2").Http2Server;
  function onUpgrade(...args: Parameters<import("@galleta/session/node").UpgradeListener>): void;
  const form: FormData;
  const body: Uint8Array;
  const error: unknown;
  const secretKey: string;
  const THEIR_KEY: string;
  const THEIR_OLD_KEY: string;
  const theirStore: { get(sid: string, done: (error?: unknown, session?: never) => void): void };
  const THEIR_PASSWORD: string;
  const SECRET_KEY_BASE: string;
  const url: string;
  const database: import("@galleta/session/sqlite").SqliteDatabase;
  const pool: import("@galleta/session/postgres").PostgresClient;
  const kv: import("@galleta/session/deno-kv").DenoKv;
  const env: {
    DB: import("@galleta/session/cloudflare").D1Database;
    SESSIONS: import("@galleta/session/cloudflare").DurableObjectNamespace;
  };
  function test(name: string, run: () => Promise<void>): void;
  const key: Uint8Array;
  const sid: Uint8Array;
  const user: { id: string };
  const item: { title: string } | undefined;
  const items: Map<string, { title: string }>;
  const hugeCart: { items: string[] };
  const password: string;
  const db: { connect(): Promise<void>; close(): Promise<void> };
  const metrics: { lost(code: number): void };
  const z: typeof import("zod");
  const config: import("galleta").Config;
  const Redis: typeof import("ioredis").Redis;
  class OutOfStock extends Error { readonly item: string }
  function handle(message: unknown): void;
  function show(message: unknown): void;
  function sweep(): void;
  function retryLater(): void;
  function setPassword(user: string | undefined, password: string): Promise<void>;
}
`;

/** What an adapter's examples take from its framework. */
const FRAMEWORKS: Record<string, string> = {
  "crossws.ts":
    'import crossws from "crossws/adapters/node"; declare const peer: import("crossws").Peer;',
  "express.ts": 'declare const app: import("express").Express;',
  "cookie-session.ts": 'declare const app: import("express").Express;',
  "fastify-secure-session.ts": 'declare const app: import("fastify").FastifyInstance;',
  "fastify-session.ts": 'declare const app: import("fastify").FastifyInstance;',
  "koa-session.ts": 'import type Koa from "koa"; declare const app: Koa;',
  "express-session.ts": 'declare const app: import("express").Express;',
  "fastify.ts": 'declare const app: import("fastify").FastifyInstance;',
  "fetch.ts": "declare const Deno: { serve(handler: (request: Request) => unknown): void };",
  "h3.ts": 'import { H3 } from "h3";',
  "hono.ts":
    'declare const app: import("hono").Hono<{ Variables: { session: import("@galleta/session").SessionOf } }>;',
  "koa.ts": 'import type Koa from "koa"; declare const app: Koa;',
  "node.ts": 'import * as http from "node:http";',
  "socket.io.ts":
    'import { Server } from "socket.io"; declare const socket: import("socket.io").Socket;',
  "ws.ts": 'import { WebSocketServer } from "ws"; declare const ws: import("ws").WebSocket;',
};

const examples = findExamples();
const fileOf = (index: number) => join(folder, `example-${index}.mts`);

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it("finds the examples", () => {
  expect(examples.length).toBeGreaterThan(50);
});

it("every example compiles", async () => {
  for (const [index, example] of examples.entries()) {
    const framework = example.file.includes("/adapters/")
      ? (FRAMEWORKS[relative(join(root, "packages/session/src/adapters"), example.file)] ?? "")
      : "";
    const text = `${importsOf(example)}\n${framework}\n${example.code}\nexport {};\n`;
    writeFileSync(fileOf(index), text);
  }
  writeFileSync(join(folder, "world.d.mts"), WORLD);
  // What an app calls its settings, for the examples that import them.
  writeFileSync(join(folder, "settings.ts"), "export const DEBUG = true;\n");
  const config = {
    extends: join(root, "tsconfig.check.json"),
    compilerOptions: { noUnusedLocals: false },
    include: [join(folder, "*")],
    exclude: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  // Errors in the sources themselves are reported by the type check.
  const told = errorsIn(await compile(folder))
    .filter((error) => error.includes("example-"))
    .map((error) =>
      error.replace(/^\S*example-(\d+)\.mts/, (_, index: string) => examples[+index]?.place ?? ""),
    );
  expect(told).toEqual([]);
});

describe("the claims of an example are true", () => {
  const claiming = examples.flatMap((example, index) => {
    const program = claimsOf(example.code);
    return program === undefined ? [] : [{ ...example, index, program }];
  });

  it.each(claiming)("$place", async ({ index, program, ...example }) => {
    const path = join(folder, `claim-${index}.ts`);
    const head =
      "export const claims: unknown[][] = [];\nexport const run = async (req: never) => {";
    writeFileSync(path, `${importsOf(example)}\n${head}\n${program}\n};\n`);
    const { claims, run } = (await import(/* @vite-ignore */ path)) as {
      claims: [unknown, unknown][];
      run: (req: object) => Promise<void>;
    };
    await run({ session: createSessions({ secretKey: KEY }).open("").session });
    expect(claims.length).toBeGreaterThan(0);
    for (const [actual, claimed] of claims) expect(actual).toEqual(claimed);
  });

  it("there are several", () => {
    expect(claiming.length).toBeGreaterThanOrEqual(5);
  });
});
