// Plain clients, which show everything on the wire.
import { request } from "node:http";
import { connect } from "node:net";

/** Asks a server on this machine. */
export function ask(port, path, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const options = { port, path, method, headers, host: "127.0.0.1", agent: false };
    const req = request(options, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      res.on("end", () => resolve({ status: res.statusCode, headers: res.headers, body: text }));
    });
    req.on("error", reject);
    req.end(body);
  });
}

/** The head of the answer to a handshake. */
export function shake(port, path, headers = []) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("The connection was closed without an answer.")));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      socket.destroy();
      resolve(text);
    });
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      ...headers,
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  });
}

/** Opens a socket with a cookie, sends one message and gives the reply. */
export function talk(port, path, cookie, message) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = Buffer.alloc(0);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("The connection was closed without an answer.")));
    socket.on("data", (chunk) => {
      const isFirst = text.length === 0;
      text = Buffer.concat([text, chunk]);
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (isFirst) socket.write(frame(message));
      const reply = text.subarray(end + 4);
      // A short text frame of a server (RFC 6455 §5.2): two bytes, then the text.
      if (reply.length < 2 || reply.length < 2 + reply[1]) return;
      socket.destroy();
      resolve(reply.subarray(2, 2 + reply[1]).toString());
    });
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      `Cookie: ${cookie}`,
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  });
}

/** A short text frame of a client: masked, here with zeros. */
function frame(text) {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
}
