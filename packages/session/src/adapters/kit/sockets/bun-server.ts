/** The part of Bun's server that this adapter uses. */
export interface BunServer {
  upgrade(request: Request, options?: UpgradeOptions): boolean;
}

interface UpgradeOptions {
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  readonly data?: unknown;
}

/** Wraps Bun's server, so that `upgrade` calls the given function. */
export function withUpgrade<Server extends BunServer>(
  server: Server,
  upgrade: (request: Request, options: UpgradeOptions) => boolean,
): Server {
  return new Proxy(server, {
    get(target, key) {
      if (key === "upgrade") {
        return (request: Request, options: UpgradeOptions = {}) => upgrade(request, options);
      }
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Wraps Bun's server, so that its 101 response to a WebSocket handshake sets cookies. */
export function serverThatSends<Server extends BunServer>(
  server: Server,
  setCookie: readonly string[],
): Server {
  return withUpgrade(server, (request, options) =>
    server.upgrade(request, { ...options, headers: withCookies(options.headers, setCookie) }),
  );
}

/** Returns the headers of a WebSocket handshake's 101 response, with cookies added. */
export function withCookies(
  given: UpgradeOptions["headers"],
  setCookie: readonly string[],
): Headers {
  const headers = new Headers(given);
  for (const cookie of setCookie) headers.append("set-cookie", cookie);
  return headers;
}
