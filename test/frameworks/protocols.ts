import type { WebSocket } from "ws";
import type { Talk } from "../adapters/socket-harness.ts";

/** Keeps requests and what answers them together, on a socket that answers in turn. */
class Turns {
  readonly #waiting: ((text: string) => void)[] = [];

  readonly answer = (text: string): void => this.#waiting.shift()?.(text);

  ask(send: () => void): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      send();
    });
  }
}

const parse = (data: unknown) => JSON.parse(String(data)) as Record<string, unknown>;

/** NestJS's protocol over ws: `{ event, data }`. */
export async function nestWs(ws: WebSocket): Promise<Talk> {
  const turns = new Turns();
  ws.on("message", (data) => turns.answer(String(parse(data)["data"])));
  return (message) => turns.ask(() => ws.send(JSON.stringify({ event: "say", data: message })));
}

/** Speaks as much of Engine.IO 4 and Socket.IO 5 as the suite needs. */
export async function socketIo(ws: WebSocket): Promise<Talk> {
  const turns = new Turns();
  await new Promise<void>((resolve) => {
    ws.on("message", (data) => {
      const text = String(data);
      if (text.startsWith("0")) ws.send("40");
      else if (text === "2") ws.send("3");
      else if (text.startsWith("40")) resolve();
      else if (text.startsWith("42")) turns.answer((JSON.parse(text.slice(2)) as string[])[1]!);
    });
  });
  return (message) => turns.ask(() => ws.send(`42${JSON.stringify(["say", message])}`));
}

/** tRPC's protocol over ws. */
export async function trpc(ws: WebSocket): Promise<Talk> {
  const turns = new Turns();
  let id = 0;
  ws.on("message", (data) => {
    const { result } = parse(data) as { result?: { data: unknown } };
    turns.answer(String(result?.data));
  });
  return (message) => {
    const params = { path: "say", input: message };
    return turns.ask(() => ws.send(JSON.stringify({ id: ++id, method: "mutation", params })));
  };
}

/** The protocol of graphql-ws. */
export async function graphqlWs(ws: WebSocket): Promise<Talk> {
  const turns = new Turns();
  let id = 0;
  const query = "query ($message: String!) { say(message: $message) }";
  await new Promise<void>((resolve) => {
    ws.on("message", (data) => {
      const { type, payload } = parse(data) as { type: string; payload?: unknown };
      if (type === "connection_ack") resolve();
      const { data: found } = (payload ?? {}) as { data?: { say: string } };
      if (type === "next") turns.answer(String(found?.say));
    });
    ws.send('{"type":"connection_init"}');
  });
  return (message) => {
    const payload = { query, variables: { message } };
    const request = { id: String(++id), type: "subscribe", payload };
    return turns.ask(() => ws.send(JSON.stringify(request)));
  };
}
