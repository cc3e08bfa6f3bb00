import { describe, expect, test } from "vitest";
import { GalletaError } from "./errors.ts";
import { errorBody, HTTPError } from "./http-error.ts";

describe("HTTPError", () => {
  test("has a status, its words and its code", () => {
    const cause = new Error("why");
    const error = new HTTPError(404, { detail: "no such item", cause });
    expect(error).toBeInstanceOf(GalletaError);
    expect(error).toMatchObject({
      name: "HTTPError",
      code: "ERR_GALLETA_HTTP",
      status: 404,
      message: "no such item",
      cause,
    });
    expect(new HTTPError(418).message).toBe("I'm a Teapot");
    expect("cause" in new HTTPError(418)).toBe(false);
  });

  test("has the response's body as its JSON", () => {
    const detail = [{ field: "title" }];
    expect(JSON.parse(JSON.stringify(new HTTPError(422, { detail })))).toEqual({
      status: 422,
      error: "Unprocessable Entity",
      detail,
    });
    expect(errorBody(599)).toEqual({ status: 599, error: "Error" });
    expect(errorBody(403, "no", { code: "ERR_SESSION_CSRF" })).toEqual({
      status: 403,
      error: "Forbidden",
      detail: "no",
      code: "ERR_SESSION_CSRF",
    });
  });

  test.each([200, 302, 399, 600, 404.5, Number.NaN, "404" as unknown as number])(
    "throws for %s, which is not an error status",
    (status) => {
      expect(() => new HTTPError(status)).toThrow(RangeError);
    },
  );
});
