import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "galleta/testing";

process.env.SECRET_KEY ??= "a key for tests alone, of more than thirty-two characters";
const { app } = await import("./app.ts");

test("a visitor logs in, is greeted once, and logs out in another tab", async () => {
  const client = createClient(app);
  const home = async () => (await client.get("/")).text();
  assert.match(await home(), /Log in/);
  await client.post("/login", { form: { user: "<Ada>" } });
  const greeted = await home();
  assert.match(greeted, /logged in as <strong>&lt;Ada&gt;/);
  assert.match(greeted, /Good to see you/);
  assert.doesNotMatch(await home(), /Good to see you/);

  const socket = await client.websocket("/echo");
  socket.send("hello");
  assert.equal(await socket.receive(), "<Ada>: hello");
  await client.post("/logout");
  assert.deepEqual(await socket.closed, { code: 1008, reason: "session ended" });
  assert.match(await home(), /Log in/);
  await client.close();
});

test("another site's form is denied", async () => {
  const client = createClient(app);
  const headers = { origin: "https://evil.example" };
  assert.equal((await client.post("/login", { headers })).status, 403);
  await client.close();
});
