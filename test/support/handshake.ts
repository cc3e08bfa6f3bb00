import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { HandshakeRejected } from "galleta/testing";
import { expect } from "vitest";
import { atEnd } from "./framework.ts";

const KEY = Buffer.from("sixteen bytes...").toString("base64");

/** Makes the head of a WebSocket handshake. A given field replaces the usual one. */
export function handshakeHead(
  port: number,
  fields: Readonly<Record<string, string>> = {},
  path = "/ws",
): string {
  const head = {
    Host: `127.0.0.1:${port}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    ...fields,
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** Makes a handshake on a bare socket. Returns the header lines of the answer as received. */
export async function handshake(
  { port }: { port: number },
  fields?: Readonly<Record<string, string>>,
  path?: string,
): Promise<{ lines: string[]; socket: Socket }> {
  const socket = connect(port, "127.0.0.1");
  atEnd(() => socket.destroy());
  socket.write(handshakeHead(port, fields, path));
  let received = "";
  while (!received.includes("\r\n\r\n")) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    received += chunk.toString("latin1");
  }
  return { lines: received.split("\r\n\r\n", 1)[0]!.split("\r\n"), socket };
}

/** Returns how a handshake was denied. */
export async function refusal(promise: Promise<unknown>): Promise<HandshakeRejected> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HandshakeRejected);
  return error as HandshakeRejected;
}
