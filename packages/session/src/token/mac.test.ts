import * as crypto from "node:crypto";
import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createMac, HEADROOM, paddedMac, plainMac, type Mac } from "./mac.ts";

describe.each([
  ["padded", paddedMac],
  ["plain", plainMac],
])("%s", (_, make) => {
  it("matches RFC 4231, test case 4", () => {
    const key = Buffer.concat([
      Buffer.from("0102030405060708090a0b0c0d0e0f10111213141516171819", "hex"),
      Buffer.alloc(7), // // RFC 2104 pads the key with zeros to a block anyway
    ]);
    expect(sum(make(key), Buffer.alloc(50, 0xcd)).toString("hex")).toBe(
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    );
  });

  it("matches the platform's HMAC for every length up to two blocks", () => {
    const key = randomBytes(32);
    const mac = make(key);
    for (let length = 0; length <= 130; length += 1) {
      const message = randomBytes(length);
      const expected = createHmac("sha256", key).update(message).digest();
      expect(sum(mac, message)).toEqual(expected);
    }
  });

  it("keeps two keys apart that are used in turn", () => {
    const [one, two] = [randomBytes(32), randomBytes(32)];
    const macs = [make(one), make(two)] as const;
    const message = Buffer.from("message");
    for (let i = 0; i < 3; i += 1) {
      expect(sum(macs[0], message)).toEqual(createHmac("sha256", one).update(message).digest());
      expect(sum(macs[1], message)).toEqual(createHmac("sha256", two).update(message).digest());
    }
  });
});

it("createMac uses crypto.hash if the runtime has it", () => {
  expect(createMac).toBe("hash" in crypto ? paddedMac : plainMac);
});

function sum(mac: Mac, message: Buffer): Buffer {
  return Buffer.from(mac(Buffer.concat([Buffer.alloc(HEADROOM, 0xff), message])));
}
