export {
  createClient,
  type ClientOptions,
  type RequestOptions,
  type TestClient,
  type WebSocketOptions,
} from "./client.ts";
export type { CookieJar } from "./jar.ts";
export { LiveServer } from "./live-server.ts";
export { HandshakeRejected, type Closed, type TestSocket } from "./test-socket.ts";
