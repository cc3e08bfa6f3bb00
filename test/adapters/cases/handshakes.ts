import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import { serve, withEvents, type Service } from "../harness.ts";
import { handshake, Jar } from "../wire.ts";

/** Asks for a WebSocket at an HTTP route and returns the rule that denied it, or the status. */
async function rule(ask: Service["ask"], headers: Record<string, string>, path = "/set?seen=1") {
  const { status, setCookie, body } = await ask(path, handshake(headers));
  if (status === 200) return "passes";
  expect(setCookie).toEqual([]);
  const { code, rule: name } = JSON.parse(body) as Record<"code" | "rule", string>;
  return `${status} ${code} ${name}`;
}

const DENIED = "403 ERR_SESSION_CSRF";

/** A request for a WebSocket is a handshake on every route. */
export const handshakeCases: readonly Case[] = [
  {
    name: "handshake: the table of Origins",
    run: (harness) => {
      const { options, events } = withEvents({ trustedOrigins: ["https://friend.example"] });
      return serve(harness, options, async ({ ask, origin }) => {
        const { hostname, port } = new URL(origin);
        const table: [Record<string, string>, string][] = [
          [{ origin }, "passes"],
          [{ origin, "sec-fetch-site": "same-origin" }, "passes"],
          [{}, "passes"],
          [{ origin: "https://friend.example" }, "passes"],
          [{ origin: "https://evil.example" }, `${DENIED} origin-foreign`],
          [{ origin: `http://${hostname}:${Number(port) + 1}` }, `${DENIED} origin-foreign`],
          [{ origin: "null" }, `${DENIED} origin-null`],
          [{ origin, "sec-fetch-site": "cross-site" }, `${DENIED} sec-fetch-site`],
          [{ origin, "sec-fetch-site": "same-site" }, `${DENIED} sec-fetch-site`],
          [{ origin, "sec-fetch-site": "none" }, `${DENIED} sec-fetch-site`],
        ];
        for (const [headers, expected] of table) {
          expect([headers, await rule(ask, headers)]).toEqual([headers, expected]);
        }
        const denied = table.filter(([, expected]) => expected !== "passes").length;
        expect(events.filter(({ type }) => type === "csrf")).toHaveLength(denied);
      });
    },
  },
  {
    name: "handshake: strict wants an Origin, and no token",
    run: (harness) =>
      serve(harness, withEvents({ csrf: "strict" }).options, async ({ ask, origin }) => {
        const jar = new Jar();
        await ask("/set?name=ana", { jar });
        const cookie = jar.header;
        expect(await rule(ask, { cookie, origin }, "/read")).toBe("passes");
        expect(await rule(ask, { cookie }, "/read")).toBe(`${DENIED} origin-missing`);
        expect(await rule(ask, { cookie, origin: "https://evil.example" })).toBe(
          `${DENIED} origin-foreign`,
        );
      }),
  },
  {
    name: "handshake: csrf: false switches the check off",
    run: (harness) =>
      serve(harness, withEvents({ csrf: false }).options, async ({ ask }) => {
        expect(await rule(ask, { origin: "https://evil.example" })).toBe("passes");
      }),
  },
  {
    name: "handshake: denied before its session is opened",
    run: (harness) => {
      const { options, events } = withEvents();
      return serve(harness, options, async ({ ask }) => {
        const headers = { origin: "https://evil.example", cookie: "session=tampered" };
        expect(await rule(ask, headers)).toBe(`${DENIED} origin-foreign`);
        expect(events.map(({ type }) => type)).toEqual(["csrf"]);
      });
    },
  },
  {
    name: "handshake: a list of protocols to upgrade to is one as well",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        for (const upgrade of ["WebSocket", "h2c, websocket", "websocket/13"]) {
          const headers = { origin: "https://evil.example", upgrade };
          expect(await rule(ask, headers)).toBe(`${DENIED} origin-foreign`);
        }
      }),
  },
];
