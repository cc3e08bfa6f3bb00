import { SessionError } from "@galleta/session";
import { expect, vi } from "vitest";
import type { Case } from "../conformance.ts";
import { serve, withEvents } from "../harness.ts";
import { ask, Jar } from "../wire.ts";

/** Wrong set-ups, each with a clear error. */
export const setUpCases: readonly Case[] = [
  {
    name: "the middleware twice: an error, not two cookies",
    async run(harness) {
      let running;
      try {
        running = await harness.startTwice(withEvents().options);
      } catch (error) {
        expect(error).toMatchObject({ code: "ERR_SESSION_SETUP" });
        return;
      }
      try {
        const { status, setCookie, body } = await (harness.ask ?? ask)(running.origin, "/set?a=1");
        expect({ status, setCookie, body }).toEqual({
          status: 500,
          setCookie: [],
          body: "ERR_SESSION_SETUP",
        });
      } finally {
        await running.close();
      }
    },
  },
  {
    name: "wrong order: a clear error",
    async run(harness) {
      const error = await harness.wrongOrder(withEvents().options);
      expect(error).toBeInstanceOf(SessionError);
      expect(error).toMatchObject({ code: "ERR_SESSION_SETUP" });
      expect((error as SessionError).message).toMatch(/middleware/);
    },
  },
  {
    name: "an unknown option fails at set-up",
    async run(harness) {
      const options = { ...withEvents().options, maxage: 3 };
      await expect(async () => harness.start(options)).rejects.toMatchObject({
        code: "ERR_SESSION_OPTION",
      });
    },
  },
  {
    name: "options by a function: asked for once, at the first request",
    run(harness) {
      let calls = 0;
      const given = () => {
        calls += 1;
        return withEvents().options;
      };
      return serve(harness, given, async ({ ask }) => {
        expect(calls).toBe(harness.setsUpAtStart === true ? 1 : 0);
        const jar = new Jar();
        expect((await ask("/set?a=1", { jar })).setCookie).toHaveLength(1);
        expect((await ask("/set?b=2", { jar })).status).toBe(200);
        expect(calls).toBe(1);
      });
    },
  },
  {
    name: "options by a function that throws: an error, and the server goes on",
    async run(harness) {
      let secretKey = "";
      const given = () => ({ ...withEvents().options, secretKey });
      if (harness.setsUpAtStart === true) {
        await expect(async () => harness.start(given)).rejects.toMatchObject({
          code: "ERR_SESSION_KEY",
        });
        return;
      }
      const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
      await serve(harness, given, async ({ ask }) => {
        expect((await ask("/set?a=1")).status).toBe(500);
        ({ secretKey } = withEvents().options as { secretKey: string });
        expect((await ask("/set?a=1")).setCookie).toHaveLength(1);
      });
      warnings.mockRestore();
    },
  },
];
