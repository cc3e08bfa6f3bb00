import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { after, test } from "node:test";

const key = "a key for tests alone, of more than thirty-two characters";
const next = createRequire(import.meta.url).resolve("next/dist/bin/next");

const port = await new Promise((resolve) => {
  const server = createServer().listen(0, () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const origin = `http://localhost:${port}`;
const app = spawn(process.execPath, [next, "dev", "--port", String(port)], {
  env: { SECRET_KEY: key, ...process.env },
  stdio: ["ignore", "pipe", "inherit"],
});
after(() => void app.kill());
await new Promise((resolve, reject) => {
  app.stdout.on("data", (text) => String(text).includes("Ready") && resolve());
  app.once("exit", (code) => reject(new Error(`next dev ended with ${code}`)));
});

let cookie = "";
/** One request of a browser that keeps its cookie. */
async function visit(path, form) {
  const response = await fetch(origin + path, {
    method: form === undefined ? "GET" : "POST",
    body: form && new URLSearchParams(form),
    headers: { cookie, origin },
    redirect: "manual",
  });
  const [set] = response.headers.getSetCookie();
  if (set !== undefined) cookie = set.split(";")[0];
  return response.status === 303 ? visit(response.headers.get("location")) : response.text();
}

test("a visitor logs in and out", async () => {
  assert.match(await visit("/"), /Log in/);
  assert.match(await visit("/login", { user: "<Ada>" }), /logged in as <strong>&lt;Ada&gt;/);
  assert.match(await visit("/logout", {}), /Log in/);
});

test("another site's form is denied", async () => {
  const headers = { origin: "https://evil.example" };
  const response = await fetch(`${origin}/login`, { method: "POST", headers });
  assert.equal(response.status, 403);
});
