import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { session as expressSession } from "@galleta/session/express";
import { afterEach, describe, expect, it } from "vitest";
import type { Running } from "./harness.ts";
import { SECRET } from "./harness.ts";
import { listen } from "./harnesses/listen.ts";
import { ask } from "./wire.ts";

let running: Running | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe("what Express sends", () => {
  const folder = mkdtempSync(join(tmpdir(), "galleta-"));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("res.sendFile, then 304 for it", async () => {
    writeFileSync(join(folder, "page.txt"), "a file");
    const app = express();
    app.use(expressSession({ secretKey: SECRET }));
    app.get("/", (req, res) => {
      Object.assign(req.session, { seen: true });
      res.sendFile("page.txt", { root: folder });
    });
    running = await listen(createServer(app));
    const first = await ask(running.origin, "/");
    expect(first).toMatchObject({ status: 200, body: "a file" });
    expect(first.setCookie).toHaveLength(1);
    const headers = { "if-none-match": first.headers.etag ?? "" };
    const second = await ask(running.origin, "/", { headers });
    expect(second).toMatchObject({ status: 304, body: "" });
    expect(second.setCookie).toHaveLength(1);
  });
});
