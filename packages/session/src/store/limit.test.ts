import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { askStore } from "./limit.ts";

it("gives up on a store that does not answer", async () => {
  const asked = askStore(() => new Promise(() => undefined), 20);
  await expect(asked).rejects.toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
});

it("waits for the answer to a question that a busy process could send only after the limit", async () => {
  const ask = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    await sleep(5);
    return "answer";
  };
  const asked = askStore(ask, 100);
  const busy = performance.now() + 200;
  while (performance.now() < busy);
  expect(await asked).toBe("answer");
});
