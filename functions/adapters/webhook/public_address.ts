import ipaddr from "ipaddr.js";

/** IPv6 addresses that are routed on the internet; all outside of it is special. */
const GLOBAL_UNICAST = ipaddr.parseCIDR("2000::/3") as [ipaddr.IPv6, number];

/**
 * Whether an address is one of the internet's: not of a private network, a link, this machine, a group, or one that
 * stands for an IPv4 address (mapped, NAT64, 6to4, Teredo), which could be any of these.
 * @param address IPv4 or IPv6, as a resolver gives it
 */
export function isPublicAddress(address: string): boolean {
  const parsed = read(address);
  if (parsed === undefined || parsed.range() !== "unicast") return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST);
}

/** Whether an address is one of this machine's own. */
export function isLoopbackAddress(address: string): boolean {
  return read(address)?.range() === "loopback";
}

/** Only the plain notation: others, such as `0x7f.1`, have no business in a resolver's answer. */
function read(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return ipaddr.IPv4.parse(address);
  return ipaddr.IPv6.isValid(address) ? ipaddr.IPv6.parse(address) : undefined;
}
