import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";

process.env.SECRET_KEY ??= "a key for tests alone, of more than thirty-two characters";
const { serve } = await import("./app.ts");

const server = await serve(0);
const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
after(() => server.close());

let cookie = "";
/** One request of a browser that keeps its cookie. */
async function visit(path: string, form?: Record<string, string>): Promise<string> {
  const response = await fetch(origin + path, {
    method: form === undefined ? "GET" : "POST",
    body: form && new URLSearchParams(form),
    headers: { cookie, origin, connection: "close" },
    redirect: "manual",
  });
  const [set] = response.headers.getSetCookie();
  if (set !== undefined) cookie = set.split(";")[0];
  return response.status === 303 ? visit(response.headers.get("location") ?? "/") : response.text();
}

test("a visitor logs in, is greeted once, and logs out", async () => {
  assert.match(await visit("/"), /Log in/);
  const greeted = await visit("/login", { user: "<Ada>" });
  assert.match(greeted, /logged in as <strong>&lt;Ada&gt;/);
  assert.match(greeted, /Good to see you/);
  assert.doesNotMatch(await visit("/"), /Good to see you/);
  assert.match(await visit("/logout", {}), /Log in/);
});

test("another site's form is denied", async () => {
  const headers = { origin: "https://evil.example", connection: "close" };
  const response = await fetch(`${origin}/login`, { method: "POST", headers });
  assert.equal(response.status, 403);
});
