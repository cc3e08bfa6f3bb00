import { describe, expect, it } from "vitest";
import { createSessions, csrfToken, renew, verifyToken } from "../index.ts";
import type { Commit } from "../cookie/headers.ts";
import { starlette } from "../formats/starlette.ts";

const secretKey = "a key for tests of more than thirty-two characters";
const open = (options: object = {}) => createSessions({ secretKey, ...options }).open("");

describe("csrfToken", () => {
  it("makes a token that is valid only for its session and scope", () => {
    const { session } = open();
    const token = csrfToken(session, "delete");
    expect(verifyToken(session, token, "delete")).toBe(true);
    expect(verifyToken(session, token)).toBe(false);
    expect(verifyToken(open().session, token, "delete")).toBe(false);
    expect(verifyToken(session, undefined, "delete")).toBe(false);
  });

  it("keeps a session that has no data, and leaves one with data as it is", () => {
    const empty = open();
    csrfToken(empty.session);
    expect(empty.commit()).toMatchObject({ setCookie: [expect.stringContaining("session=")] });
    const unused = open();
    expect(unused.commit()).toMatchObject({ setCookie: [] });
    const full = open();
    (full.session as { user?: string }).user = "ada";
    csrfToken(full.session);
    expect(full.state.meta).toEqual({});
  });

  it("needs no change if the session is already kept for a token", () => {
    const first = open();
    csrfToken(first.session);
    const [cookie] = (first.commit() as Commit).setCookie;
    const next = createSessions({ secretKey }).open(cookie!.split(";")[0]);
    next.commit();
    expect(verifyToken(next.session, csrfToken(next.session))).toBe(true);
  });

  it("throws with writeAs, whose cookie has no id", () => {
    const { session } = open({ writeAs: starlette({ secretKey }) });
    expect(() => csrfToken(session)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_FORMAT",
        message: expect.stringContaining("needs a session with an id"),
      }),
    );
  });

  it("is over after renew", () => {
    const { session } = open();
    const token = csrfToken(session);
    renew(session);
    expect(verifyToken(session, csrfToken(session))).toBe(true);
    expect(verifyToken(session, token)).toBe(false);
  });
});
