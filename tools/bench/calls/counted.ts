/** How a local run is counted: what its functions are brought, what they ask of AWS, and what goes to the destination. */
import type { Receiver } from '../../driver/receiver.ts';

/** How many messages a mapping brings to an invocation: as many as there are, or one, as when little is to be done. */
export type Delivery = 'busy' | 'one by one';

/** Modules that the run loads first, as URLs. */
export const preloadsFor = (delivery: Delivery): readonly string[] =>
  ['preload.mjs', ...(delivery === 'busy' ? [] : ['one-message.mjs'])].map(
    (name) => new URL(name, import.meta.url).href,
  );

const headerBytes = (headers: object): number =>
  Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + String(value).length + 4, 0);

/** Bytes of all requests to the destination that have come since it was asked before. */
export const takeEgress = ({ requests }: Receiver): number =>
  requests
    .splice(0)
    .reduce((sum, { headers, body }) => sum + headerBytes(headers) + Buffer.byteLength(body), 0);
