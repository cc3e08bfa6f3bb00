import net from "node:net";
import { describe, expect, it } from "vitest";
import { nodeAddress, readAddressList } from "./address.ts";

describe("readAddressList", () => {
  const isListed = readAddressList([
    "10.0.0.0/8",
    "192.0.2.7",
    "2001:db8::/32",
    "::1",
    "198.51.100.64/26",
    "203.0.113.0/32",
    "2001:db9::/128",
  ]);

  it.each([
    ["10.1.2.3", true],
    ["11.0.0.0", false],
    ["192.0.2.7", true],
    ["192.0.2.8", false],
    ["198.51.100.127", true],
    ["198.51.100.128", false],
    ["2001:db8:1::9", true],
    ["2001:db9::", true],
    ["2001:db9::1", false],
    ["203.0.113.0", true],
    ["203.0.113.1", false],
    ["::ffff:192.0.2.7", true],
    ["2001:dba::", false],
    ["::1", true],
    ["0:0:0:0:0:0:0:1", true],
    ["::ffff:10.1.2.3", true],
    ["::ffff:a01:203", true],
    ["::ffff:11.1.2.3", false],
    ["2001:db8::1%eth0", true],
    ["", false],
    ["unknown", false],
    ["10.1.2.3:80", false],
    ["10.1", false],
  ])("%s: %s", (address, listed) => {
    expect(isListed(address)).toBe(listed);
  });

  it.each([
    "10.0.0.0/33",
    "10.0.0.0/0033",
    "::/129",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "10.0.0.0/8 ",
    "10.0.0",
    "proxy.example",
    "fe80::1%eth0",
    "fe80::1%eth0/64",
    "",
    10,
    undefined,
  ])("throws for %j", (entry) => {
    expect(() => readAddressList(["::1", entry])).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringMatching(
          /^trustProxy\[1\] is invalid: trustProxy must be a list of addresses and networks like 10\.0\.0\.0\/8/,
        ) as string,
      }),
    );
  });
});

it.each([
  ["192.0.2.43", "192.0.2.43"],
  ["192.0.2.43:47011", "192.0.2.43"],
  ["192.0.2.43:_port", "192.0.2.43"],
  ["[2001:db8:cafe::17]", "2001:db8:cafe::17"],
  ["[2001:db8:cafe::17]:4711", "2001:db8:cafe::17"],
  ["2001:db8::17", "2001:db8::17"],
  ["unknown", undefined],
  ["_hidden", undefined],
  ["192.0.2.43:", undefined],
  ["192.0.2.300", undefined],
  ["192.0.2.43:port", undefined],
  ["192.0.2.43:123456", undefined],
  ["[192.0.2.43]", "192.0.2.43"],
  ["[2001:db8::17", undefined],
  ["[2001:db8::17]:", undefined],
  ["[]", undefined],
  ["", undefined],
])("reads the address of the node %s", (node, address) => {
  const read = nodeAddress(node);
  expect(net.isIP(read) === 0 ? undefined : read).toBe(address);
});
