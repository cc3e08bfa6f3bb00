import { createSessions, update } from "@galleta/session";
import { attachSocket } from "@galleta/session/adapter";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import { serve, withEvents } from "../harness.ts";
import { Jar } from "../wire.ts";

/** The exchange of tickets, by which a page gets a new cookie. */
export const exchangeCases: readonly Case[] = [
  {
    name: "exchange: any ticket that is none is a 400 with a code, and is not cached",
    async run(harness) {
      const sessions = createSessions(withEvents().options);
      await serve(harness, sessions, async ({ ask, origin }) => {
        for (const size of [0, 6, 20_000]) {
          const post = { method: "POST", headers: { origin }, body: "A".repeat(size) };
          const { status, headers, body } = await ask(sessions.exchangePath ?? "", post);
          expect({ size, status, body: JSON.parse(body) as object }).toMatchObject({
            size,
            status: 400,
            body: { code: "ERR_SESSION_TICKET_INVALID" },
          });
          expect(headers["cache-control"]).toBe("no-store");
          expect(headers["content-type"]).toMatch(/^application\/json/);
        }
      });
    },
  },
  {
    name: "update on a socket: the page exchanges its ticket",
    async run(harness) {
      const sessions = createSessions(withEvents().options);
      await serve(harness, sessions, async ({ ask, origin }) => {
        const jar = new Jar();
        await ask("/set?name=ana", { jar });
        // A socket of the same process, from any library.
        const context = sessions.open(jar.header);
        await context.commit();
        context.handshakeSent();
        attachSocket(context, { close: () => {} });
        const path = sessions.exchangePath ?? "";
        const headers = { origin };
        let status = 0;
        const deliver = async (body: string) => {
          const foreign = { origin: "https://evil.example" };
          expect((await ask(path, { method: "POST", headers: foreign, body })).status).toBe(403);
          ({ status } = await ask(path, { method: "POST", headers, body, jar }));
        };
        await update(context.session, (draft) => Object.assign(draft, { updated: true }), {
          deliver,
        });
        expect((await ask("/read", { jar })).body).toBe('{"name":"ana","updated":true}');
        expect(status).toBe(200);
        const refused = await ask(path, { method: "POST", headers, body: "no ticket", jar });
        expect(JSON.parse(refused.body)).toMatchObject({ code: "ERR_SESSION_TICKET_INVALID" });
      });
    },
  },
];
