/** Addresses without the part that tells one line from its neighbours: for sources with `anonymizeIp`, before anything is stored. */
import ipaddr from 'ipaddr.js';
import { UnreadableEvent } from '../core/ingest/admit.ts';
import { isJsonObject, type JsonObject } from '../core/event/event.ts';
import { addressIn } from './client-address.ts';

/** Of the eight groups of an IPv6 address those that are kept: all but the last 80 bits. */
const KEPT_GROUPS = 3;

const cutIpv6 = (address: ipaddr.IPv6): string => {
  const groups = address.parts.map((group, i) => (i < KEPT_GROUPS ? group : 0));
  // 2002:cb00:7109::/48 has the IPv4 address 203.0.113.9 in what is kept: of that the last octet goes, too.
  if (address.range() === '6to4') groups[2] = (groups[2] ?? 0) & 0xff00;
  return new ipaddr.IPv6(groups).toString();
};

/** The address with its last octet zero; of IPv6, with its last 80 bits zero. @returns undefined for what is no address */
export const anonymousIp = (text: string): string | undefined => {
  const whole = addressIn(text);
  if (whole === undefined) return undefined;
  const address = ipaddr.parse(whole);
  return address instanceof ipaddr.IPv6
    ? cutIpv6(address)
    : new ipaddr.IPv4([...address.octets.slice(0, 3), 0]).toString();
};

/** What is no address is left out: nobody knows what it tells. */
const withCut = (object: JsonObject, field: string): JsonObject => {
  const value = object[field] ?? null;
  if (value === null) return object;
  const cut = typeof value === 'string' ? anonymousIp(value) : undefined;
  if (cut !== undefined) return { ...object, [field]: cut };
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== field));
};

/** `"ip": "203.0.113.9"` in text that is not JSON, also where the text ends in the middle of it. */
const ADDRESS_FIELD = /("(?:request_ip|ip)"\s*:\s*")((?:[^"\\]|\\.)*)/gs;

/** As `withoutWholeIp`, of text that cannot be read as JSON. */
export const textWithoutWholeIp = (text: string): string =>
  text.replace(ADDRESS_FIELD, (_, field: string, value: string) => `${field}${anonymousIp(value) ?? ''}`);

/** An event as it was sent, with the addresses cut that the contract has fields for: `request_ip`, `context.ip`. */
export const withoutWholeIp = (raw: unknown): unknown => {
  if (raw instanceof UnreadableEvent) return new UnreadableEvent(textWithoutWholeIp(raw.text));
  if (!isJsonObject(raw)) return raw;
  const event = withCut(raw, 'request_ip');
  const context = event['context'];
  return isJsonObject(context) ? { ...event, context: withCut(context, 'ip') } : event;
};
