import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import { expectHeaders, headersArrived } from "../app.ts";
import { serve, withEvents } from "../harness.ts";
import { Jar } from "../wire.ts";

/** Responses that must not, or cannot, carry a change. */
export const responseCases: readonly Case[] = [
  {
    name: "HEAD and a prefetch leave a flash message to the request that shows it",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const jar = new Jar();
        await ask("/flash", { jar });
        const headers = { "sec-purpose": "prefetch;prerender" };
        expect((await ask("/flashed", { jar, method: "HEAD" })).setCookie).toEqual([]);
        const ahead = await ask("/flashed", { jar, headers });
        expect({ body: ahead.body, setCookie: ahead.setCookie }).toEqual({
          body: '{"notice":"saved"}',
          setCookie: [],
        });
        expect((await ask("/flashed", { jar })).body).toBe('{"notice":"saved"}');
        expect((await ask("/flashed", { jar })).body).toBe('{"notice":null}');
      }),
  },
  {
    name: "a late write throws ERR_SESSION_COMMITTED",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        for (const path of ["/late", "/late-first"]) {
          expectHeaders();
          const { body, setCookie } = await ask(path, { onHead: () => headersArrived.resolve() });
          expect({ body, setCookie }).toEqual({
            body: "begun ERR_SESSION_COMMITTED",
            setCookie: [],
          });
        }
      }),
  },
  {
    name: "what cannot be saved is a 500, and the server lives",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        for (const path of ["/huge", "/not-json", "/class", "/stream-huge"]) {
          const { status, setCookie } = await ask(path);
          expect({ path, status, setCookie }).toEqual({ path, status: 500, setCookie: [] });
        }
        // Express answers an error when the body has arrived, where no caller could catch another.
        for (const path of ["/throw-huge", "/throw-not-json"]) {
          const { status, setCookie } = await ask(path, { method: "POST", body: "unread" });
          expect({ path, status, setCookie }).toEqual({ path, status: 500, setCookie: [] });
        }
        expect((await ask("/untouched")).status).toBe(200);
      }),
  },
];
