import { describe, expect, it } from "vitest";
import { nodeAddress, readAddressList } from "./address.ts";

describe("readAddressList", () => {
  const list = readAddressList(
    ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1", "198.51.100.64/26"],
    "trustProxy",
  );

  it.each([
    ["10.1.2.3", true],
    ["11.0.0.0", false],
    ["192.0.2.7", true],
    ["192.0.2.8", false],
    ["198.51.100.127", true],
    ["198.51.100.128", false],
    ["2001:db8:1::9", true],
    ["2001:db9::", false],
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
    expect(list.has(address)).toBe(listed);
  });

  it.each([
    ["10.0.0.0/33", "prefix length from 0 to 32"],
    ["::/129", "prefix length from 0 to 128"],
    ["10.0.0.0/", "prefix length"],
    ["10.0.0.0/8/8", "prefix length"],
    ["10.0.0.0/-1", "prefix length"],
    ["10.0.0", "is not an IPv4 or IPv6 address"],
    ["proxy.example", "is not an IPv4 or IPv6 address"],
    ["fe80::1%eth0", "is not an IPv4 or IPv6 address"],
    ["", "is not an IPv4 or IPv6 address"],
    [10, "must be a string"],
  ])("refuses %j at set-up", (entry, why) => {
    expect(() => readAddressList(["::1", entry], "trustProxy")).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringMatching(`^trustProxy\\[1\\] .*${why}`) as string,
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
  ["[2001:db8::17", undefined],
  ["", undefined],
])("reads the address of the node %s", (node, address) => {
  expect(nodeAddress(node)).toBe(address);
});
