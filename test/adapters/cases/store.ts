import { sessionStore } from "@galleta/session";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import { serve, withEvents } from "../harness.ts";
import { Jar } from "../wire.ts";

/** Keyv's interface with late answers, like a store on the network. It fails when told to. */
function slowStore(state = { isDown: false }) {
  const values = new Map<string, string>();
  const later = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    if (state.isDown) throw new Error("the store is down");
  };
  return sessionStore({
    async get(key: string) {
      await later();
      return values.get(key);
    },
    async set(key: string, value: string) {
      await later();
      values.set(key, value);
    },
    async delete(key: string) {
      await later();
      return values.delete(key);
    },
  });
}

/** With a store, a commit takes time and the response waits for it. */
export const storeCases: readonly Case[] = [
  {
    name: "store: a change, an error response, a stream, HEAD and 304",
    run: (harness) =>
      serve(harness, withEvents({ store: slowStore() }).options, async ({ ask }) => {
        const jar = new Jar();
        await ask("/set?name=ana", { jar });
        expect((await ask("/read", { jar })).body).toBe('{"name":"ana"}');
        expect((await ask("/own-cookie", { jar })).setCookie).toHaveLength(2);
        expect(await ask("/stream")).toMatchObject({ status: 200, body: "one two three" });
        expect((await ask("/stream")).setCookie).toHaveLength(1);
        expect((await ask("/throw", { jar })).status).toBe(500);
        expect(JSON.parse((await ask("/read", { jar })).body)).toMatchObject({ beforeError: true });
        expect((await ask("/set?a=1", { method: "HEAD" })).setCookie).toHaveLength(1);
        expect(await ask("/not-modified")).toMatchObject({ status: 304, body: "" });
      }),
  },
  {
    name: "store: a destroyed session's cookie is refused",
    run: (harness) =>
      serve(harness, withEvents({ store: slowStore() }).options, async ({ ask }) => {
        const jar = new Jar();
        await ask("/set?name=ana", { jar });
        const cookie = jar.header;
        await ask("/destroy", { jar });
        expect((await ask("/read", { headers: { cookie } })).body).toBe("{}");
      }),
  },
  {
    name: "store: what cannot be saved is a 500, and the server lives",
    run: (harness) =>
      serve(harness, withEvents({ store: slowStore() }).options, async ({ ask }) => {
        for (const path of ["/huge", "/not-json", "/stream-huge", "/throw-huge"]) {
          const { status, setCookie } = await ask(path);
          expect({ path, status, setCookie }).toEqual({ path, status: 500, setCookie: [] });
        }
        expect((await ask("/untouched")).status).toBe(200);
      }),
  },
  {
    name: "store: one that is down is an error where the session is used",
    run: (harness) => {
      const state = { isDown: false };
      return serve(harness, withEvents({ store: slowStore(state) }).options, async ({ ask }) => {
        const jar = new Jar();
        await ask("/set?name=ana", { jar });
        state.isDown = true;
        // 503 if the framework uses an error's status.
        expect((await ask("/read", { jar })).status).toBeGreaterThanOrEqual(500);
        expect((await ask("/untouched", { jar })).status).toBe(200);
        const made = await ask("/set?new=1");
        expect(made.status).toBeGreaterThanOrEqual(500);
        expect(made.setCookie).toEqual([]);
        state.isDown = false;
        expect((await ask("/read", { jar })).body).toBe('{"name":"ana"}');
      });
    },
  },
  {
    name: "store: a logout while it is down deletes the browser's cookie with its 503",
    run: (harness) => {
      const state = { isDown: false };
      return serve(harness, withEvents({ store: slowStore(state) }).options, async ({ ask }) => {
        const jar = new Jar();
        await ask("/set?name=ana", { jar });
        const cookie = jar.header;
        state.isDown = true;
        const logout = await ask("/destroy", { jar });
        expect(logout.status).toBeGreaterThanOrEqual(500);
        expect(logout.setCookie.join()).toContain("Max-Age=0");
        expect(jar.header).toBe("");
        state.isDown = false;
        // The process that could not reach the store remembers the end.
        expect((await ask("/read", { headers: { cookie } })).body).toBe("{}");
      });
    },
  },
  {
    name: "store: strict token in a form",
    run: (harness) =>
      serve(
        harness,
        withEvents({ store: slowStore(), csrf: "strict" }).options,
        async ({ ask }) => {
          const jar = new Jar();
          const token = (await ask("/token", { jar })).body;
          const headers = {
            cookie: jar.header,
            "content-type": "application/x-www-form-urlencoded",
          };
          const body = `csrf_token=${token}`;
          expect((await ask("/echo", { method: "POST", headers, body })).body).toBe(body);
          expect((await ask("/echo", { method: "POST", headers, body: "a=1" })).status).toBe(403);
        },
      ),
  },
];
