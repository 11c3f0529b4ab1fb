/** Digests of texts, in UTF-8, and of bytes. */
import * as crypto from 'node:crypto';

type Algorithm = 'md5' | 'sha256';
type Encoding = 'hex' | 'base64url';
export type Digest = (algorithm: Algorithm, data: string | Uint8Array, encoding: Encoding) => string;

/** @param hash of Node's: in one call, at half the cost of three for a short text. Versions before 20.12 have none */
export const digestBy = (hash: typeof crypto.hash | undefined): Digest =>
  hash === undefined
    ? (algorithm, data, encoding) => crypto.createHash(algorithm).update(data).digest(encoding)
    : (algorithm, data, encoding) => hash(algorithm, data, encoding);

export const digest = digestBy((crypto as Partial<typeof crypto>).hash);
