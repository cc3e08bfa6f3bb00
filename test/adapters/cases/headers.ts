import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import { serve, withEvents } from "../harness.ts";
import { Jar } from "../wire.ts";

/** The headers of every kind of response. */
export const headerCases: readonly Case[] = [
  {
    name: "the app's own cookies stay",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const { setCookie } = await ask("/own-cookie");
        expect(setCookie).toHaveLength(2);
        expect(setCookie).toContain("own=1; Path=/");
      }),
  },
  {
    name: "Vary is added to, Cache-Control made private",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const { headers } = await ask("/own-headers");
        expect(headers.vary).toBe("Accept-Encoding, Cookie");
        expect(headers["cache-control"]).toBe("private, no-store");
      }),
  },
  {
    name: "Vary * and a stricter Cache-Control stay",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const { headers } = await ask("/own-strict");
        expect(headers.vary).toBe("*");
        expect(headers["cache-control"]).toBe("no-store, max-age=0");
      }),
  },
  {
    name: "HEAD",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const { status, setCookie, body } = await ask("/set?name=ana", { method: "HEAD" });
        expect({ status, body }).toEqual({ status: 200, body: "" });
        expect(setCookie).toHaveLength(1);
      }),
  },
  {
    name: "304",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const { status, setCookie, headers, body } = await ask("/not-modified");
        expect({ status, body }).toEqual({ status: 304, body: "" });
        expect(setCookie).toHaveLength(1);
        expect(headers.vary).toMatch(/cookie/i);
      }),
  },
  {
    name: "redirect",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const { status, setCookie, headers } = await ask("/redirect");
        expect({ status, location: headers.location }).toEqual({ status: 302, location: "/read" });
        expect(setCookie).toHaveLength(1);
      }),
  },
  {
    name: "streaming",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const { setCookie, body } = await ask("/stream");
        expect(body).toBe("one two three");
        expect(setCookie).toHaveLength(1);
      }),
  },
  {
    name: "the cookie survives an error response",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        for (const path of ["/throw", "/throw-later"]) {
          const jar = new Jar();
          const { status, setCookie } = await ask(path, { jar });
          expect({ path, status, cookies: setCookie.length }).toEqual({
            path,
            status: 500,
            cookies: 1,
          });
          expect((await ask("/read", { jar })).body).toBe('{"beforeError":true}');
        }
      }),
  },
  {
    name: "Not Found",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const { status, setCookie } = await ask("/nowhere");
        expect({ status, setCookie }).toEqual({ status: 404, setCookie: [] });
      }),
  },
];
