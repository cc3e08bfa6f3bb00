import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect, constants, type OutgoingHttpHeaders } from "node:http2";
import { Jar } from "../support/cookies.ts";

export { Jar };

/** A request to send. A header given as a list is sent that many times. */
export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  /** Keeps the cookies of earlier answers and sends them. */
  readonly jar?: Jar;
  /** Called after the headers, before the body. */
  readonly onHead?: () => void;
}

/** A raw answer. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly setCookie: readonly string[];
  readonly body: string;
}

function headersOf({ headers, jar }: Sent): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = { ...headers };
  if (jar !== undefined && jar.header !== "") all["cookie"] ??= jar.header;
  return all;
}

/** Asks over HTTP/1.1 on a separate connection, so that closing a server never waits for it. */
export function ask(origin: string, path: string, sent: Sent = {}): Promise<Received> {
  return new Promise((resolve, reject) => {
    const options = { method: sent.method ?? "GET", headers: headersOf(sent), agent: false };
    const req = httpRequest(`${origin}${path}`, options, (res) => {
      sent.onHead?.();
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => {
        const setCookie = res.headers["set-cookie"] ?? [];
        sent.jar?.take(setCookie);
        const body = Buffer.concat(chunks).toString();
        resolve({ status: res.statusCode ?? 0, headers: res.headers, setCookie, body });
      });
    });
    req.on("error", reject);
    req.end(sent.body);
  });
}

/** A request that asks for a WebSocket (RFC 6455 §4.1). */
export function handshake(headers: Readonly<Record<string, string>> = {}): Sent {
  return {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-version": "13",
      ...headers,
    },
  };
}

/**
 * Makes the head of a request over HTTP/2. A request for a WebSocket is an extended CONNECT there
 * (RFC 8441 §5).
 */
function headOf2(path: string, sent: Sent): OutgoingHttpHeaders {
  const { connection, upgrade, ...headers } = headersOf(sent);
  const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH, HTTP2_HEADER_SCHEME } = constants;
  const method = { [HTTP2_HEADER_METHOD]: sent.method ?? "GET", [HTTP2_HEADER_PATH]: path };
  if (connection === undefined || upgrade === undefined) return { ...headers, ...method };
  const connecting = { [HTTP2_HEADER_METHOD]: "CONNECT", ":protocol": "websocket" };
  return { ...headers, ...method, ...connecting, [HTTP2_HEADER_SCHEME]: "http" };
}

/** Asks over HTTP/2 without TLS. */
export async function ask2(origin: string, path: string, sent: Sent = {}): Promise<Received> {
  const client = connect(origin);
  // A client may send an extended CONNECT only to a server that announced support.
  await new Promise((resolve) => client.once("remoteSettings", resolve));
  return new Promise((resolve, reject) => {
    client.on("error", reject);
    const stream = client.request(headOf2(path, sent));
    let head: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on("response", (headers) => {
      head = headers as unknown as IncomingHttpHeaders;
      sent.onHead?.();
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () => {
      client.close();
      const setCookie = head["set-cookie"] ?? [];
      sent.jar?.take(setCookie);
      const status = Number(head[constants.HTTP2_HEADER_STATUS]);
      resolve({ status, headers: head, setCookie, body: Buffer.concat(chunks).toString() });
    });
    stream.end(sent.body);
  });
}
