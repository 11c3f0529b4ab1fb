/** The checksums that SDKs use to verify what they sent and received. */
import { createHash } from 'node:crypto';
import type { MessageAttributes } from './types.ts';

const STRING = 1;
const BINARY = 2;

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** The deduplication id that content-based deduplication gives a message. */
export const contentDeduplicationId = (body: string): string =>
  createHash('sha256').update(body).digest('hex');

/**
 * MD5 over the attributes as AWS documents it: sorted by name; name, data type and value, each after its length in
 * four bytes, the value after one byte for its kind.
 * @returns undefined when there are none, as SQS leaves the field out
 */
export const md5OfAttributes = (attributes: MessageAttributes): string | undefined => {
  const entries = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const [name, { dataType, stringValue, binaryValue }] of entries) {
    add(Buffer.from(name));
    add(Buffer.from(dataType));
    const binary = dataType.startsWith('Binary');
    hash.update(Buffer.of(binary ? BINARY : STRING));
    add(binary ? Buffer.from(binaryValue ?? '', 'base64') : Buffer.from(stringValue ?? ''));
  }
  return hash.digest('hex');
};
