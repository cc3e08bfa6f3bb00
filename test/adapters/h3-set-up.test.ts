import { session } from "@galleta/session/h3";
import { H3, type Middleware } from "h3";
import { expect, it } from "vitest";

it("says that app.use is not app.register", async () => {
  const seen: unknown[] = [];
  const app = new H3({ onError: (error) => void seen.push(error.cause ?? error) });
  app.use(session({ secretKey: "a key for the test of a plugin" }) as unknown as Middleware);
  app.get("/", () => "never");
  expect((await app.request("http://localhost/")).status).toBe(500);
  expect(seen).toEqual([
    expect.objectContaining({
      code: "ERR_SESSION_SETUP",
      message: expect.stringContaining("app.register(session(...))") as string,
    }),
  ]);
});
