import { H3Event } from "h3";
import { expect, test } from "vitest";
import { FallbackH3, hasStaged, nodeAdapter } from "./seams.ts";

const HELP = "h3 or crossws moved what packages/galleta/src/seams.ts uses.";

test("h3 calls ~findRoute for the route of a request, and ~rou3 has all routes", async () => {
  const app = new FallbackH3({ handler: () => new Response("ours", { status: 404 }) });
  app.get("/known/:id", () => "theirs");
  expect(await (await app.request("/known/7")).text(), HELP).toBe("theirs");
  expect(await (await app.request("/none")).text(), HELP).toBe("ours");
  expect(app.hasRoute("GET", "/known/7"), HELP).toBe(true);
  expect(app.hasRoute("POST", "/known/7"), HELP).toBe(false);
});

test("h3 keeps staged headers under its symbol", () => {
  const event = new H3Event(new Request("http://a/"));
  expect(hasStaged(event), HELP).toBe(false);
  event.res.headers.set("vary", "Origin");
  expect(hasStaged(event), HELP).toBe(true);
});

test("crossws has its Node adapter without the check for Node", () => {
  const adapter = nodeAdapter({ hooks: {}, idleTimeout: 0 });
  expect(typeof adapter.handleUpgrade, HELP).toBe("function");
});
