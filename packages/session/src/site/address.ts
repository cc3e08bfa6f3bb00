import type { IPVersion } from "node:net";
import { checkOption, listOf, textThat } from "../validate.ts";

/**
 * A function that tests if an IP address is in a list. It never throws, and accepts addresses as
 * sockets and proxies write them.
 */
export type AddressRule = (address: string) => boolean;

/**
 * Compiles a list of IPv4 and IPv6 addresses and CIDR networks (RFC 4632, RFC 4291). An IPv4-mapped
 * IPv6 address (`::ffff:10.0.0.1`) counts as its IPv4 address.
 *
 * @param option the value of `trustProxy`
 * @throws SessionError ERR_SESSION_OPTION if it is not a list; the message names the index of an
 *   entry that is neither an address nor a network
 */
export function readAddressList(option: unknown): AddressRule {
  // Loaded at first use: `node:net` takes 3 ms, and few apps list addresses.
  const net = process.getBuiltinModule("node:net");
  const list = new net.BlockList();
  const add = (entry: string): boolean => {
    const [, address = "", bits] = /^([^/%]*)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
    const family = FAMILY[net.isIP(address)];
    const most = family === "ipv4" ? 32 : 128;
    const size = Number(bits ?? most);
    if (family === undefined || size > most) return false;
    list.addSubnet(address, size, family);
    return true;
  };
  const right = "addresses and networks like 10.0.0.0/8, or true, false or a number of proxies";
  checkOption("trustProxy", option, listOf(textThat(add, right)));
  return (address) => {
    const zone = address.indexOf("%");
    const plain = zone < 0 ? address : address.slice(0, zone);
    const family = FAMILY[net.isIP(plain)];
    return family !== undefined && list.check(plain, family);
  };
}

/** The names of the address families, by IP version: 4 or 6. */
const FAMILY: Readonly<Record<number, IPVersion>> = { 4: "ipv4", 6: "ipv6" };

const NODE = /^(?:\[([\dA-Fa-f:.]+)\]|([\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/;

/**
 * Returns the IP address, without a port, of a node in `Forwarded` (RFC 7239 §6) or an entry in
 * X-Forwarded-For.
 *
 * @returns the node unchanged if it has another form, such as `unknown` or an obfuscated name
 */
export function nodeAddress(node: string): string {
  const [, bracketed, address = bracketed ?? node] = NODE.exec(node) ?? [];
  return address;
}
