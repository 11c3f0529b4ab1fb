/** What a URL says of where it leads. Names are not looked up: synthesis needs no network, and deliver checks each address it connects to. */
import ipaddr from 'ipaddr.js';
import type { NetworkName } from '../contract/settings.ts';

/** Names of this machine: RFC 6761. */
const LOOPBACK_NAME = /(^|\.)localhost$/i;
/** Other names that never lead to a public address: RFC 6762, and what clouds use inside. */
const PRIVATE_NAME = /(^|\.)(local|internal|home\.arpa)$/i;

const KINDS: Readonly<Record<string, NetworkName>> = {
  private: 'private',
  uniqueLocal: 'private',
  loopback: 'loopback',
  linkLocal: 'linkLocal',
};

/** Without the brackets of IPv6, and without the dot at the end of a name that is fully qualified: it is the same host. */
export const hostOf = (url: string): string =>
  new URL(url).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.+$/, '');

/** `reserved`: an address that nothing answers at, or that is of no use to a destination. */
export const networkOf = (url: string): NetworkName | 'public' | 'reserved' => {
  const host = hostOf(url);
  if (LOOPBACK_NAME.test(host)) return 'loopback';
  if (!ipaddr.isValid(host)) return PRIVATE_NAME.test(host) ? 'private' : 'public';
  const parsed = ipaddr.parse(host);
  const isMapped = parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress();
  const range = (isMapped ? parsed.toIPv4Address() : parsed).range();
  return range === 'unicast' ? 'public' : (KINDS[range] ?? 'reserved');
};

/** The networks besides the public one that a destination may send to. */
export const networksOf = (allowed: boolean | readonly NetworkName[]): readonly NetworkName[] => {
  if (typeof allowed !== 'boolean') return allowed;
  return allowed ? ['private'] : [];
};
