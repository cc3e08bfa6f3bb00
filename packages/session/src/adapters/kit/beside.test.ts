import { describe, expect, it } from "vitest";
import { KEY } from "@galleta/test-support/sessions";
import { createSessions } from "../../index.ts";
import { createGalletaSessionStorage } from "../react-router.ts";
import { assertApartInProcess } from "./beside.ts";

/** Sessions with a property and a cookie of this test alone. */
const made = (property: string, cookie: string, options: object = {}) =>
  createSessions({ secretKey: KEY, property, sessionCookie: cookie, ...options });

describe("the sessions of one process", () => {
  it("may not share a cookie under two properties, as often as they are used", () => {
    const user = made("user1", "shared1");
    assertApartInProcess(user);
    const prefs = made("prefs1", "shared1");
    for (let i = 0; i < 2; i += 1) {
      expect(() => assertApartInProcess(prefs)).toThrow(
        expect.objectContaining({
          code: "ERR_SESSION_OPTION",
          message: expect.stringMatching(/prefs1 and user1/),
        }),
      );
    }
    expect(() => assertApartInProcess(user)).not.toThrow();
  });

  it("may not share a chunk of a cookie", () => {
    const user = made("user2", "shared2", { chunks: 16_384 });
    assertApartInProcess(user);
    expect(() => assertApartInProcess(made("prefs2", "shared2.1"))).toThrow(/same cookie/);
    expect(user.property).toBe("user2");
  });

  it("may have one name under two paths, or one module that ran twice", () => {
    const user = made("user3", "shared3", { path: "/app" });
    assertApartInProcess(user);
    expect(() => assertApartInProcess(made("prefs3", "shared3"))).not.toThrow();
    expect(() => assertApartInProcess(made("user3", "shared3", { path: "/app" }))).not.toThrow();
    expect(user.property).toBe("user3");
  });

  it("are checked by a storage of React Router at its first use", async () => {
    const user = made("user4", "shared4");
    assertApartInProcess(user);
    const options = { secretKey: KEY, property: "prefs4", sessionCookie: "shared4" };
    const storage = createGalletaSessionStorage(() => options);
    await expect(storage.getSession()).rejects.toMatchObject({ code: "ERR_SESSION_OPTION" });
    expect(user.property).toBe("user4");
  });
});
