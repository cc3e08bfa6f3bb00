import { spawn } from "node:child_process";
import { request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import type { Jar } from "../adapters/wire.ts";
import { endsWithTest } from "../support/child.ts";

/** A running server that has `/session`, and perhaps `/feed`. */
export interface Neighbour {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  close(): Promise<void>;
}

const JSON_TYPE = "application/json";

/** Lets a server of this process listen. */
export async function listen(server: Server): Promise<Neighbour> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Answers a request that failed, so that the test sees why. */
export function failed(response: ServerResponse, error: unknown): void {
  response.writeHead(500).end(String(error));
}

/** The body of a request, as text. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Starts a program of test/formats/servers. It prints its port when it listens, and leaves when its
 * input ends.
 */
export async function startProgram(
  command: string,
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<Neighbour> {
  const path = fileURLToPath(new URL(`./servers/${file}`, import.meta.url));
  const child = endsWithTest(
    spawn(command, [path], {
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    }),
  );
  const left = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const lines = createInterface(child.stdout);
  const port = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    child.once("exit", () => reject(new Error(`${file} did not start: ${complaints}`)));
    child.once("error", reject);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      child.stdin.end();
      await left;
    },
  };
}

const cookieOf = ({ header }: Jar) => (header === "" ? {} : { cookie: header });

/** Sends a request with the jar's cookies, as a browser does, and returns the body. */
export async function ask(
  neighbour: Neighbour,
  jar: Jar,
  method: "GET" | "PUT",
  path: string,
  body = "",
): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // A new connection each time: on one that is kept alive, Nagle's algorithm and delayed
    // acknowledgements cost 40 ms a request with servers that write headers and body apart.
    const options = {
      method,
      agent: false,
      headers: { ...cookieOf(jar), "content-type": JSON_TYPE },
    };
    const asked = request(neighbour.url + path, options, resolve);
    asked.once("error", reject);
    asked.end(body);
  });
  jar.take(response.headers["set-cookie"] ?? []);
  const text = await readBody(response);
  if (response.statusCode === 200) return text;
  throw new Error(`${method} ${path} is a ${response.statusCode}: ${text}`);
}

/** The first message of a neighbour's WebSocket `/feed`. */
export function firstMessage(neighbour: Neighbour, jar: Jar): Promise<string> {
  const socket = new WebSocket(`${neighbour.url.replace("http", "ws")}/feed`, {
    headers: cookieOf(jar),
  });
  return new Promise((resolve, reject) => {
    socket.once("message", (data) => resolve((data as Buffer).toString("utf8")));
    socket.once("error", reject);
  });
}
