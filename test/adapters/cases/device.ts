import { deviceBound } from "@galleta/session/device-bound";
import { expect, vi } from "vitest";
import { DeviceBrowser } from "../../device/browser.ts";
import type { Case } from "../conformance.ts";
import { serve, withEvents, type Harness, type Service } from "../harness.ts";

const REFRESH = 300;
const BOUND = "__Host-session-device";

/** Runs a test with a browser that supports bound sessions, and a clock that can be set. */
async function withDevice(
  harness: Harness,
  test: (
    browser: DeviceBrowser,
    more: {
      readonly ask: Service["ask"];
      readonly pass: (seconds: number) => void;
      readonly reasons: () => (string | undefined)[];
    },
  ) => Promise<void>,
): Promise<void> {
  const { options, events } = withEvents({ deviceBound: deviceBound({ refresh: REFRESH }) });
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    await serve(harness, options, async ({ origin, ask }) => {
      const browser = new DeviceBrowser(origin, ask);
      await test(browser, {
        ask,
        pass: (seconds) => void vi.setSystemTime(Date.now() + seconds * 1000),
        reasons: () => events.filter(({ type }) => type === "device").map(({ reason }) => reason),
      });
    });
  } finally {
    vi.useRealTimers();
  }
}

/** Sessions that are bound to the device of their browser. */
export const deviceCases: readonly Case[] = [
  {
    name: "device: a session that begins is bound, and refreshed where its cookie expired",
    run: (harness) =>
      withDevice(harness, async (browser, { pass, reasons }) => {
        await browser.request("/set?name=ana");
        await browser.settled();
        expect(browser.sessions.size).toBe(1);
        expect(browser.cookies.get(BOUND)).toBeDefined();
        pass(REFRESH + 1);
        expect(browser.cookies.get(BOUND)).toBeUndefined();
        expect((await browser.request("/read")).body).toBe('{"name":"ana"}');
        expect(reasons()).toEqual(["bound", "refreshed"]);
      }),
  },
  {
    name: "device: a copied cookie is worth as long as its bound cookie lasts",
    run: (harness) =>
      withDevice(harness, async (browser, { ask, pass }) => {
        await browser.request("/set?name=ana");
        await browser.settled();
        const cookie = browser.cookies.header;
        expect((await ask("/read", { headers: { cookie } })).body).toBe('{"name":"ana"}');
        pass(REFRESH + 1);
        const stolen = await ask("/read", { headers: { cookie } });
        expect(stolen).toMatchObject({ status: 200, body: "{}", setCookie: [] });
        expect((await browser.request("/read")).body).toBe('{"name":"ana"}');
      }),
  },
  {
    name: "device: renew binds anew, and destroy ends the binding",
    run: (harness) =>
      withDevice(harness, async (browser, { pass }) => {
        await browser.request("/set?name=ana");
        await browser.settled();
        const [first] = browser.sessions.keys();
        await browser.request("/renew");
        await browser.settled();
        expect(browser.sessions.size).toBe(2);
        pass(REFRESH + 1);
        expect((await browser.request("/read")).body).toBe('{"name":"ana"}');
        // The browser was told to forget the session from before the login.
        expect(browser.sessions.size).toBe(1);
        expect(browser.sessions.has(first!)).toBe(false);
        await browser.request("/destroy");
        expect(browser.cookies.get(BOUND)).toBeUndefined();
        expect((await browser.request("/read")).body).toBe("{}");
        expect(browser.sessions.size).toBe(0);
      }),
  },
  {
    name: "device: a browser that does not know of it is served as before",
    run: (harness) =>
      withDevice(harness, async (_browser, { ask, pass }) => {
        const old = new DeviceBrowser("http://localhost", ask, { supported: false });
        await old.request("/set?name=ana");
        pass(REFRESH + 1);
        expect((await old.request("/read")).body).toBe('{"name":"ana"}');
      }),
  },
];
