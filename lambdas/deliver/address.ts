/**
 * Which addresses a destination may have. A pipeline runs inside a company's network: a destination whose name leads to
 * a private address would let the owner of that name reach what only the network should (SSRF).
 */
import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { NetworkName } from '../../contract/settings.ts';
import { cut } from '../core/base/text.ts';

/** Those besides the public one that may be connected to. */
export type Networks = readonly NetworkName[];

/** Addresses of other kinds (multicast, reserved, carrier-grade NAT, translations into IPv4) are never connected to. */
const NETWORKS: Readonly<Record<string, NetworkName>> = {
  private: 'private',
  uniqueLocal: 'private',
  loopback: 'loopback',
  linkLocal: 'linkLocal',
};

const fixOf = (network: NetworkName | undefined): string => {
  if (network === undefined) return 'nothing is sent there';
  const value = network === 'private' ? 'to true' : `to ["${network}"]`;
  return `set allowPrivateNetwork ${value} on the destination if it is meant`;
};

/** All addresses of a host name. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true; readonly family: 0 | 4 | 6 },
) => Promise<readonly { readonly address: string; readonly family: number }[]>;

export class AddressRefused extends Error {
  override name = 'AddressRefused';
}

/** The part of IPv6 that is handed out for public use; ipaddr.js calls everything unicast that it has no name for. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/**
 * Of an instance's own services, such as its metadata: link-local in all but the prefix. Source: Amazon EC2, "Access instance metadata for
 * an EC2 instance".
 */
const EC2_IPV6 = ipaddr.IPv6.parseCIDR('fd00:ec2::/32');

/**
 * What kind of address it is; `unicast` is public. An IPv4 address in IPv6's clothes is judged as IPv4.
 * @returns undefined for a text that cannot be read as an address
 */
const kindOf = (address: string): string | undefined => {
  if (!ipaddr.isValid(address)) return undefined;
  const parsed = ipaddr.process(address);
  const kind = parsed.range();
  if (parsed instanceof ipaddr.IPv6 && parsed.match(EC2_IPV6)) return 'linkLocal';
  const isGlobal = parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_IPV6);
  return kind === 'unicast' && !isGlobal ? 'reserved' : kind;
};

const check = (hostname: string, address: string, networks: Networks): AddressRefused | undefined => {
  const kind = kindOf(address);
  if (kind === undefined)
    return new AddressRefused(`"${cut(address, 100)}" of host ${hostname} cannot be read as an IP address`);
  const network = NETWORKS[kind];
  if (kind === 'unicast' || (network !== undefined && networks.includes(network))) return undefined;
  return new AddressRefused(
    `address ${address} of host ${hostname} is not public (${kind}); ${fixOf(network)}`,
  );
};

/**
 * Checks a URL's host when it is an address already, which no look-up would see. The URL parser has normalised its
 * decimal, octal and hexadecimal forms.
 */
export const checkLiteral = (url: URL, networks: Networks): AddressRefused | undefined => {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : check(host, host, networks);
};

/**
 * A look-up for sockets that fails with `AddressRefused` when any of a host's addresses is refused. The socket connects
 * to what was checked, so that a name cannot change its mind in between (DNS rebinding).
 */
export const guardedLookup =
  (networks: Networks, resolve: Resolve = dnsLookup): LookupFunction =>
  (hostname, options, callback) => {
    const family = options.family === 4 || options.family === 6 ? options.family : 0;
    resolve(hostname, { all: true, family }).then(
      (addresses) => {
        const refused = addresses
          .map(({ address }) => check(hostname, address, networks))
          .find((error) => error !== undefined);
        const [first] = addresses;
        if (refused !== undefined) callback(refused, '');
        else if (first === undefined) callback(new Error(`host ${hostname} has no address`), '');
        else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), ''),
    );
  };
