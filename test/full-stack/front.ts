import { createServer, request, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** What `makeCertificate` gives. */
interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A server in front of an app: a proxy, or an attacker's page. */
export interface Front {
  readonly port: number;
  readonly origin: string;
  close(): void;
}

/** A common reverse proxy: it ends TLS and says so in `X-Forwarded-*`. */
export function startProxy(target: number, tls?: Certificate): Promise<Front> {
  const scheme = tls === undefined ? "http" : "https";
  return listen(scheme, tls, (req, res) => {
    const headers = {
      ...req.headers,
      "x-forwarded-proto": scheme,
      "x-forwarded-host": req.headers.host,
      "x-forwarded-for": "127.0.0.1",
    };
    const { method, url: path } = req;
    const onward = request({ port: target, host: "localhost", method, path, headers }, (answer) =>
      pass(answer),
    );
    const pass = (answer: IncomingMessage) => {
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(res);
    };
    onward.on("error", () => res.destroy());
    req.pipe(onward);
  });
}

/** A page of another origin on the same host, so that the browser sends the session's cookie. */
export function startAttacker(html: () => string): Promise<Front> {
  return listen("http", undefined, (_req, res) => {
    res.writeHead(200, { "content-type": "text/html" });
    res.end(html());
  });
}

async function listen(
  scheme: string,
  tls: Certificate | undefined,
  listener: RequestListener,
): Promise<Front> {
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `${scheme}://localhost:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
