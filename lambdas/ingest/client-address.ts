/** The address of the client, as proxies in front of the gateway recorded it. It is informative: nothing trusts it. */
import ipaddr from 'ipaddr.js';

/** `203.0.113.9:51234`: Azure's gateways, for one, write the client's port behind its address. */
const IPV4 = /^([\d.]+)(?::\d+)?$/;
/** `[2001:db8::7]:443`: with a port, or only brackets. */
const BRACKETED = /^\[([^\]]+)\](?::\d+)?$/;

/** Every address has one text: of an IPv6 address the short one, and an IPv4 address stays one inside IPv6. */
const normal = (address: string): string | undefined => {
  const isPlain = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  // A zone names an interface of a machine that is not this one.
  return isPlain ? ipaddr.process(address.replace(/%.*$/, '')).toString() : undefined;
};

/** @returns undefined for what is no address: `unknown`, a name, an identifier that a proxy made up */
export const addressIn = (hop: string): string | undefined => {
  const unquoted = hop.trim().replace(/^"(.*)"$/, '$1');
  const bare = IPV4.exec(unquoted)?.[1] ?? BRACKETED.exec(unquoted)?.[1] ?? unquoted;
  return normal(bare);
};

/**
 * As RudderStack: the first hop that proxies named. When it cannot be read, the client did not want it known, or wrote the
 * header itself; the hops behind it are proxies, and never the client. The address of the connection is recorded then.
 * @param connection the address from which the gateway was called
 */
export const clientAddress = (forwardedFor: string | undefined, connection: string): string =>
  addressIn(forwardedFor?.split(',')[0] ?? '') ?? connection;
