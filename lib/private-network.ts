import ipaddr from 'ipaddr.js';

/** Names that never lead to a public address: RFC 6761 and 6762, and what clouds use inside. */
const PRIVATE_NAME = /(^|\.)(localhost|local|internal)$/i;

/**
 * Whether a URL leads to a host that can be seen to be private from the URL alone. Names are not looked up: synthesis needs
 * no network, and deliver checks each address it connects to.
 */
export const isPrivateUrl = (url: string): boolean => {
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
  if (!ipaddr.isValid(host)) return PRIVATE_NAME.test(host);
  return ipaddr.process(host).range() !== 'unicast';
};
