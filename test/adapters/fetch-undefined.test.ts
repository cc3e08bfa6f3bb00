import { memoryStore, update, type SessionError } from "@galleta/session";
import { session } from "@galleta/session/fetch";
import { afterEach, expect, it, vi } from "vitest";
import { withEvents } from "./harness.ts";
import { handshake } from "./wire.ts";

afterEach(() => vi.restoreAllMocks());

const socketRequest = (headers: Record<string, string> = {}) =>
  new Request("http://localhost/", { headers: { ...handshake(headers).headers } as never });

it.each([
  ["untouched", () => undefined],
  ["read", (of: object) => void Object.keys(of)],
])("a handler that returns undefined is left to the runtime: %s", async (_what, look) => {
  const warn = vi.spyOn(console, "warn");
  const serve = session(withEvents().options)(async (_request, context) => {
    look(context.session);
    return undefined;
  });
  expect(await serve(socketRequest())).toBeUndefined();
  expect(warn).not.toHaveBeenCalled();
});

it("a change that no response carries is ERR_SESSION_RUNTIME", async () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  const serve = session(withEvents().options)((_request, context) => {
    Object.assign(context.session, { name: "ana" });
    return undefined;
  });
  expect(await serve(socketRequest())).toBeUndefined();
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("ERR_SESSION_RUNTIME"));
});

it("a change of a session in a store is saved there", async () => {
  const warn = vi.spyOn(console, "warn");
  const serve = session({ ...withEvents().options, store: memoryStore() })((request, context) => {
    if (request.headers.has("upgrade")) {
      Object.assign(context.session, { name: "ana" });
      return undefined;
    }
    Object.assign(context.session, { seen: true });
    return Response.json(context.session);
  });
  const first = await serve(new Request("http://localhost/"));
  const cookie = first?.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  expect(await serve(socketRequest({ cookie }))).toBeUndefined();
  const after = await serve(new Request("http://localhost/", { headers: { cookie } }));
  expect(await after?.json()).toEqual({ seen: true, name: "ana" });
  expect(warn).not.toHaveBeenCalled();
});

it("after the handshake a write and update throw, and name the alternative", async () => {
  let late: object = {};
  const serve = session(withEvents().options)((_request, context) => {
    late = context.session;
    return undefined;
  });
  await serve(socketRequest());
  const refused = expect.objectContaining({
    code: "ERR_SESSION_HANDSHAKE_SENT",
    message: expect.stringContaining("adapter for sockets") as string,
  }) as SessionError;
  expect(() => Object.assign(late, { name: "ana" })).toThrow(refused);
  await expect(update(late, () => {})).rejects.toEqual(refused);
});
