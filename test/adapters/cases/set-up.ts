import { SessionError } from "@galleta/session";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import { withEvents } from "../harness.ts";
import { ask } from "../wire.ts";

/** What was put together wrongly, and is told clearly. */
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
];
