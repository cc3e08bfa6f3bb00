import { expect, it } from "vitest";
import { start } from "@galleta/test-support/jar";
import { starlette } from "../formats/starlette.ts";
import { redisBackplane } from "../live/redis.ts";
import { memoryStore } from "./memory.ts";
import { redisStore } from "./redis.ts";

const store = memoryStore();

it.each([
  ["storage", { store, storage: "memory" }, /storage/],
  ["storage without a store", { storage: "store" }, /storage needs the option `store`/],
  ["onStoreError", { store, onStoreError: "ignore" }, /onStoreError/],
  ["storeTimeout", { store, storeTimeout: 0 }, /storeTimeout/],
  ["storeTimeout above a minute", { store, storeTimeout: 61 }, /storeTimeout/],
  ["storeTimeout as text", { store, storeTimeout: "1" }, /storeTimeout/],
  ["subject", { store, subject: "" }, /subject/],
  ["subject without a store", { subject: "userId" }, /subject needs the option `store`/],
  ["a store without set", { store: { get() {}, delete() {} } }, /store must be/],
  ["a store that is null", { store: null }, /store must be/],
  [
    "a store beside writeAs",
    { store, writeAs: starlette({ secretKey: "k" }) },
    /either store or writeAs/,
  ],
  ["backplane", { backplane: {} }, /backplane/],
  ["exchangePath", { exchangePath: "galleta" }, /exchangePath/],
  ["a misspelt name", { stor: store }, /Did you mean store/],
])("%s throws at set-up", (_name, options, message) => {
  expect(() => start(options as object)).toThrow(
    expect.objectContaining({
      code: "ERR_SESSION_OPTION",
      message: expect.stringMatching(message),
    }),
  );
});

it.each([undefined, null, {}, { duplicate() {}, on() {} }])(
  "%s is not accepted as a Redis client",
  (client) => {
    expect(() => redisStore(client as never)).toThrow(/ioredis/);
    expect(() => redisBackplane(client as never)).toThrow(/ioredis/);
  },
);
