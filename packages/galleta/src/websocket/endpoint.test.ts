import { expect, test } from "vitest";
import type { SocketOptions } from "../route.ts";
import { checkSocketOptions } from "./endpoint.ts";

test("options have defaults", () => {
  expect(checkSocketOptions({})).toEqual({
    valueType: "text",
    autoAccept: true,
    maxMessageSize: 1024 * 1024,
    maxQueue: 32,
  });
  expect(checkSocketOptions({ valueType: "json", autoAccept: false, maxQueue: 1 })).toMatchObject({
    valueType: "json",
    autoAccept: false,
    maxQueue: 1,
  });
});

test.each([
  [{ valuetype: "json" }, /valueType/],
  [{ valueType: "xml" }, /"text", "json" or "bytes"/],
  [{ autoAccept: 1 }, /autoAccept/],
  [{ maxMessageSize: 0 }, /maxMessageSize/],
  [{ maxQueue: 1.5 }, /maxQueue/],
  [{ maxQueue: Infinity }, /maxQueue/],
])("throws for %j", (options, message) => {
  expect(() => checkSocketOptions(options as SocketOptions)).toThrow(message);
});
