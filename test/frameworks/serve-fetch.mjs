// Serves a handler of requests with the runtime's own server.

/** @param more what the server of the runtime is given beside the handler */
export async function serveFetch(fetch, more = {}) {
  if ("Bun" in globalThis) {
    return globalThis.Bun.serve({ port: 0, hostname: "127.0.0.1", fetch, ...more }).port;
  }
  if ("Deno" in globalThis) {
    const options = { port: 0, hostname: "127.0.0.1", onListen: () => {}, ...more };
    return globalThis.Deno.serve(options, fetch).addr.port;
  }
  const { serve } = await import("@hono/node-server-2");
  return new Promise((resolve) => {
    const options = { fetch, port: 0, hostname: "127.0.0.1", ...more };
    const server = serve(options, ({ port }) => resolve(port));
    more.started?.(server);
  });
}
