// `npm run types` compiles this file, and no code runs it. Each line marked @ts-expect-error must
// fail to compile.
import { App } from "./app.ts";
import { configure, settings } from "./settings.ts";

type Equal<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
function assertType<_Check extends true>(): void {}

interface Data {
  userId: number;
  cart: { items: string[] };
}

const app = new App<Data>();
configure(app, { DEBUG: true });
export const debug: unknown = settings["DEBUG"];
export const size: number = settings.get("PAGE_SIZE", 20);

app.route("/items/:id/:part?", async (req, res) => {
  assertType<Equal<typeof req.params.id, string>>();
  assertType<Equal<typeof req.params.part, string | undefined>>();
  // @ts-expect-error the path has no such part
  void req.params.other;
  assertType<Equal<typeof req.session.userId, number | undefined>>();
  req.session.cart = { items: [] };
  req.session = { userId: 7 };
  req.session = null;
  // @ts-expect-error of another type
  req.session.userId = "7";
  // @ts-expect-error not in the data
  req.session.other = 1;
  const schema = {
    "~standard": { version: 1, vendor: "x", validate: () => ({ value: { title: "a" } }) },
  } as const;
  assertType<Equal<(typeof schema)["~standard"]["version"], 1>>();
  const body = await req.json(schema);
  assertType<Equal<typeof body.title, string>>();
  res.json = body;
  // @ts-expect-error text is a string
  res.text = 7;
});

// An arrow function that is one assignment is a view.
app.route("/short", { methods: ["POST"] }, (_req, res) => (res.status = 204));

app.websocketRoute("/text/:room", async (ws) => {
  assertType<Equal<typeof ws.params.room, string>>();
  assertType<Equal<typeof ws.session.userId, number | undefined>>();
  for await (const message of ws) {
    assertType<Equal<typeof message, string>>();
    await ws.send(message);
  }
  // @ts-expect-error a text socket sends strings
  await ws.send(new Uint8Array());
});

app.websocketRoute("/bytes", { valueType: "bytes" }, async (ws) => {
  for await (const message of ws) assertType<Equal<typeof message, Uint8Array>>();
});

app.websocketRoute("/json", { valueType: "json", maxQueue: 8 }, async (ws) => {
  await ws.send({ any: ["value"] });
  const message = await ws.receive();
  // @ts-expect-error JSON may be any type
  void message.length;
});

// @ts-expect-error there is no such type
app.websocketRoute("/xml", { valueType: "xml" }, () => undefined);

class Missing extends Error {
  item = 7;
}
app.errorHandler(Missing, (req, res, error) => {
  assertType<Equal<typeof error.item, number>>();
  req.session.userId = error.item;
  res.status = 404;
});

app.use(async (req, _res, next) => {
  assertType<Equal<typeof req.session.userId, number | undefined>>();
  await next();
});

app.mount("/other", new App<{ other: string }>());
