// The default import: a runtime whose node:net lacks BlockList can still load this file.
import net from "node:net";
import { SessionError } from "../errors.ts";

/** A set of addresses and networks. */
export interface AddressList {
  /** Whether an address, as a socket or a proxy writes it, is in the list. Never throws. */
  has(address: string): boolean;
}

/**
 * Compiles a list of IPv4 and IPv6 addresses and networks in CIDR form (RFC 4632, RFC 4291).
 * An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) is the IPv4 address.
 *
 * @param name the option, for messages
 * @throws SessionError ERR_SESSION_OPTION for an entry that is neither; names its index
 */
export function readAddressList(entries: readonly unknown[], name: string): AddressList {
  const list = new net.BlockList();
  for (const [index, entry] of entries.entries()) {
    const fault = (what: string) =>
      new SessionError("ERR_SESSION_OPTION", `${name}[${index}] ${what}.`);
    if (typeof entry !== "string") throw fault("must be a string");
    const slash = entry.indexOf("/");
    const address = slash < 0 ? entry : entry.slice(0, slash);
    const version = net.isIP(address);
    if (version === 0 || address.includes("%")) {
      throw fault("is not an IPv4 or IPv6 address, or a network such as 10.0.0.0/8");
    }
    const family = version === 4 ? "ipv4" : "ipv6";
    if (slash < 0) {
      list.addAddress(address, family);
      continue;
    }
    const bits = entry.slice(slash + 1);
    const most = version === 4 ? 32 : 128;
    if (!/^[0-9]{1,3}$/.test(bits) || Number(bits) > most) {
      throw fault(`needs a prefix length from 0 to ${most} after the slash`);
    }
    list.addSubnet(address, Number(bits), family);
  }
  return {
    has(address) {
      const zone = address.indexOf("%");
      const plain = zone < 0 ? address : address.slice(0, zone);
      const version = net.isIP(plain);
      return version !== 0 && list.check(plain, version === 4 ? "ipv4" : "ipv6");
    },
  };
}

const BRACKETED = /^\[([0-9A-Fa-f:.]+)\](?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?$/;
const IPV4 = /^([0-9.]+)(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?$/;

/**
 * The address in a node of `Forwarded` (RFC 7239 §6) or an entry of X-Forwarded-For, without its
 * port.
 *
 * @returns `undefined` for `unknown`, an obfuscated name, and what is not an address
 */
export function nodeAddress(node: string): string | undefined {
  const address = (BRACKETED.exec(node) ?? IPV4.exec(node))?.[1] ?? node;
  return net.isIP(address) === 0 ? undefined : address;
}
