import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import { serve, withEvents, type Service } from "../harness.ts";
import { Jar, type Sent } from "../wire.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** Asks for a change and returns the rule that denied it, or the status. */
async function rule(
  ask: Service["ask"],
  headers: Record<string, string>,
  method = "POST",
  sent = "a=1",
) {
  const { status, setCookie, body } = await ask("/echo", { method, headers, body: sent });
  if (status === 200) return "passes";
  expect(setCookie).toEqual([]);
  const { code, rule: name } = JSON.parse(body) as Record<"code" | "rule", string>;
  return `${status} ${code} ${name}`;
}

const multipart = (fields: Record<string, string>): Sent => {
  const parts = Object.entries(fields).map(
    ([name, value]) =>
      `--edge\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    headers: { "content-type": "multipart/form-data; boundary=edge" },
    body: `${parts.join("")}--edge--\r\n`,
  };
};

/** The table of requests from other sites. */
export const crossSiteCases: readonly Case[] = [
  {
    name: "cross-site: the table",
    run: (harness) => {
      const { options, events } = withEvents({ trustedOrigins: ["https://friend.example"] });
      return serve(harness, options, async ({ ask, origin }) => {
        const csrf = "403 ERR_SESSION_CSRF";
        const table: [Record<string, string>, string][] = [
          [{ origin }, "passes"],
          [{}, "passes"],
          [{ "sec-fetch-site": "same-origin" }, "passes"],
          [{ "sec-fetch-site": "none" }, "passes"],
          [{ origin: "https://friend.example" }, "passes"],
          [{ origin: "https://friend.example", "sec-fetch-site": "cross-site" }, "passes"],
          [{ "sec-fetch-site": "cross-site" }, `${csrf} sec-fetch-site`],
          [{ "sec-fetch-site": "same-site" }, `${csrf} sec-fetch-site`],
          [{ "sec-fetch-site": "same-origin, same-origin" }, `${csrf} repeated-header`],
          [{ origin: `${origin}, ${origin}` }, `${csrf} repeated-header`],
          [{ origin: "https://evil.example" }, `${csrf} origin-foreign`],
          [{ origin: "null" }, `${csrf} origin-null`],
          [{ origin: `${origin}/` }, `${csrf} origin-malformed`],
        ];
        for (const [headers, expected] of table) {
          expect([headers, await rule(ask, headers)]).toEqual([headers, expected]);
        }
        const refused = table.filter(([, expected]) => expected !== "passes").length;
        expect(events.filter(({ type }) => type === "csrf")).toHaveLength(refused);
      });
    },
  },
  {
    name: "cross-site: Origin null passes with a valid token alone, as after Referrer-Policy: no-referrer",
    run: (harness) => {
      const { options, events } = withEvents();
      return serve(harness, options, async ({ ask }) => {
        const jar = new Jar();
        const { body: token } = await ask("/token", { jar });
        const send = (fields: string, cookie = jar.header) =>
          rule(ask, { ...FORM, origin: "null", ...(cookie && { cookie }) }, "POST", fields);
        const csrf = "403 ERR_SESSION_CSRF";
        expect(await send(`csrf_token=${token}`)).toBe("passes");
        // The view changed the session, so the next request brings the newer cookie, as from a
        // browser.
        await ask("/read", { jar });
        expect(await send("a=1")).toBe(`${csrf} origin-null`);
        expect(await send("csrf_token=wrong")).toBe(`${csrf} token-invalid`);
        expect(await send(`csrf_token=${token}`, "")).toBe(`${csrf} token-invalid`);
        const message = events.find(({ reason }) => reason === "origin-null")?.message;
        expect(message).toMatch(/^POST \/echo denied: Origin null; .*Referrer-Policy: no-referrer/);
      });
    },
  },
  {
    name: "cross-site: a write to a session that SameSite held back sets no cookie, unless renewed",
    run: (harness) => {
      const { options, events } = withEvents({ csrf: { exempt: ["/echo", "/login"] } });
      return serve(harness, options, async ({ ask, origin }) => {
        const from = { origin: "https://pay.example", "sec-fetch-site": "cross-site" };
        const send = (path: string, headers: Record<string, string>) =>
          ask(path, { method: "POST", headers, body: "paid=1" });
        expect((await send("/echo", from)).setCookie).toEqual([]);
        expect((await send("/echo", { origin: "https://pay.example" })).setCookie).toEqual([]);
        expect(events).toMatchObject([
          { type: "dropped", reason: "held-back", keys: ["posts"] },
          { type: "dropped", reason: "held-back" },
        ]);
        // A cookie that came was not held back. A page of this site has none to bring.
        const jar = new Jar();
        expect((await ask("/set?user=ana", { jar })).setCookie).toHaveLength(1);
        const withCookie = await send("/echo", { ...from, cookie: jar.header });
        expect(withCookie.setCookie).toHaveLength(1);
        expect((await send("/echo", { origin })).setCookie).toHaveLength(1);
        expect((await send("/echo", {})).setCookie).toHaveLength(1);
        expect((await send("/login", from)).setCookie).toHaveLength(1);
      });
    },
  },
  {
    name: "cross-site: X-Forwarded-Port of a trusted proxy is part of the own origin",
    run: (harness) =>
      serve(harness, withEvents({ trustProxy: 1 }).options, async ({ ask }) => {
        const headers = {
          "x-forwarded-host": "shop.example",
          "x-forwarded-proto": "https",
          "x-forwarded-port": "8443",
        };
        const from = (origin: string) => rule(ask, { ...headers, origin });
        expect(await from("https://shop.example:8443")).toBe("passes");
        expect(await from("https://shop.example")).toContain("origin-foreign");
      }),
  },
  {
    name: "cross-site: file:// can be trusted by name",
    run: (harness) =>
      serve(harness, withEvents({ trustedOrigins: ["file://"] }).options, async ({ ask }) => {
        expect(await rule(ask, { origin: "file://" })).toBe("passes");
        expect(await rule(ask, { origin: "file:///" })).toContain("origin-malformed");
      }),
  },
  {
    name: "cross-site: an event names the request, both origins and the remedy",
    run: (harness) => {
      const { options, events } = withEvents({ allowedHosts: ["127.0.0.1"] });
      return serve(harness, options, async ({ ask, origin }) => {
        await rule(ask, { origin: "http://localhost:5173" });
        const at = `/echo denied: Origin http://localhost:5173; this site is ${origin}`;
        expect(events).toMatchObject([
          {
            type: "csrf",
            reason: "origin-foreign",
            method: "POST",
            path: "/echo",
            origin: "http://localhost:5173",
            own: origin,
            message: expect.stringMatching(new RegExp(`^POST ${at}.*trustedOrigins\\.$`)),
          },
        ]);
        await rule(ask, { host: "other.example" });
        expect(events[1]).toMatchObject({ type: "host", reason: "host-not-allowed" });
      });
    },
  },
  {
    name: "cross-site: GET, HEAD and OPTIONS pass, PUT does not",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
        for (const method of ["GET", "HEAD"]) {
          expect((await ask("/untouched", { method, headers })).status).toBe(200);
        }
        expect(await rule(ask, headers, "PUT")).toBe("403 ERR_SESSION_CSRF sec-fetch-site");
      }),
  },
  {
    name: "cross-site: exempt paths, as in the request line",
    run: (harness) =>
      serve(harness, withEvents({ csrf: { exempt: ["/echo"] } }).options, async ({ ask }) => {
        const headers = { origin: "https://evil.example" };
        const post: Sent = { method: "POST", headers, body: "a" };
        expect((await ask("/echo", post)).body).toBe("a");
        expect((await ask("/echo?b=1", post)).body).toBe("a");
        expect((await ask("/read", post)).status).toBe(403);
      }),
  },
  {
    name: "cross-site: a Host that is not allowed",
    run: (harness) =>
      serve(harness, withEvents({ allowedHosts: ["app.example"] }).options, async ({ ask }) => {
        const { status, body } = await ask("/read", { headers: { host: "evil.example" } });
        expect({ status, body: JSON.parse(body) as object }).toMatchObject({
          status: 400,
          body: { code: "ERR_SESSION_HOST", rule: "host-not-allowed" },
        });
        expect((await ask("/read", { headers: { host: "app.example" } })).status).toBe(200);
      }),
  },
  {
    name: "strict: a token in the header",
    run: (harness) =>
      serve(harness, withEvents({ csrf: "strict" }).options, async ({ ask }) => {
        expect(await rule(ask, {})).toBe("passes"); // no session to protect
        const jar = new Jar();
        const token = (await ask("/token", { jar })).body;
        const cookie = jar.header;
        expect(await rule(ask, { cookie })).toBe("403 ERR_SESSION_CSRF token-missing");
        expect(await rule(ask, { cookie, "x-csrf-token": "no" })).toBe(
          "403 ERR_SESSION_CSRF token-invalid",
        );
        expect(await rule(ask, { cookie, "x-csrf-token": token })).toBe("passes");
      }),
  },
  {
    name: "strict: a token in a form, which the view still reads",
    run: (harness) =>
      serve(harness, withEvents({ csrf: "strict" }).options, async ({ ask }) => {
        const jar = new Jar();
        const token = (await ask("/token", { jar })).body;
        const cookie = jar.header;
        const body = `a=1&csrf_token=${token}&b=2`;
        const send = (sent: Sent) =>
          ask("/echo", { method: "POST", ...sent, headers: { ...sent.headers, cookie } });
        expect((await send({ headers: FORM, body })).body).toBe(body);

        const parts = multipart({ a: "1", csrf_token: token });
        expect((await send(parts)).body).toBe(parts.body);

        const wrong = `a=1&csrf_token=${token.slice(1)}A`;
        expect((await send({ headers: FORM, body: wrong })).status).toBe(403);
        expect((await send({ headers: FORM, body: "a=1" })).status).toBe(403);
        expect((await send({ headers: FORM, body: "" })).status).toBe(403);
        expect((await send({ body: JSON.stringify({ csrf_token: token }) })).status).toBe(403);
      }),
  },
  {
    name: "strict: a long form in many pieces, and one that is too long",
    run: (harness) =>
      serve(harness, withEvents({ csrf: "strict" }).options, async ({ ask }) => {
        const jar = new Jar();
        const token = (await ask("/token", { jar })).body;
        const headers = { ...FORM, cookie: jar.header };
        const body = `csrf_token=${token}&text=${"x".repeat(700_000)}`;
        const passed = await ask("/echo", { method: "POST", headers, body });
        expect({ status: passed.status, isWhole: passed.body === body }).toEqual({
          status: 200,
          isWhole: true,
        });
        const long = `csrf_token=${token}&text=${"x".repeat(1_100_000)}`;
        const refused = await ask("/echo", { method: "POST", headers, body: long });
        expect(refused.status).toBe(403);
      }),
  },
];
