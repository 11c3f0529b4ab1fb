/** From a request's bytes to the data in them. What the client got wrong is a value, never an error. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { parse } from '../core/base/exact-json.ts';
import { append } from '../core/base/append.ts';
import { MAX_REQUEST_BYTES } from '../core/base/limits.ts';
import type { Refusal } from './response.ts';

interface Refused {
  readonly ok: false;
  readonly refusal: Refusal;
}

export type Decoded =
  | { readonly ok: true; readonly value: unknown }
  /** `text`: of a body that is not JSON. */
  | (Refused & { readonly text?: string });

const inflate = promisify(gunzip);

/** The magic number decides: some proxies inflate a body and leave the header on, and the beacon has no header. */
const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

type Inflated = { readonly ok: true; readonly bytes: Buffer } | Refused;

const decompress = async (bytes: Buffer): Promise<Inflated> => {
  if (!isGzip(bytes)) return { ok: true, bytes };
  try {
    return { ok: true, bytes: await inflate(bytes, { maxOutputLength: MAX_REQUEST_BYTES }) };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ERR_BUFFER_TOO_LARGE') return { ok: false, refusal: 'request size exceeds max limit' };
    // RudderStack answers 500, and SDKs send the same broken bytes again forever.
    if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR' || code === 'Z_NEED_DICT') {
      return { ok: false, refusal: 'failed to read body from request' };
    }
    throw error;
  }
};

/** Bytes that are not UTF-8 become U+FFFD, as in RudderStack; a byte order mark is skipped. */
const utf8 = new TextDecoder();

type Text = { readonly ok: true; readonly text: string } | Refused;

const decodeText = async (body: Buffer): Promise<Text> => {
  const inflated = await decompress(body);
  if (!inflated.ok) return inflated;
  const { bytes } = inflated;
  if (bytes.length > MAX_REQUEST_BYTES) return { ok: false, refusal: 'request size exceeds max limit' };
  if (bytes.length === 0) return { ok: false, refusal: 'request body is nil' };
  return { ok: true, text: utf8.decode(bytes) };
};

/** @throws only what is not the client's fault */
export const decodeBody = async (body: Buffer): Promise<Decoded> => {
  const decoded = await decodeText(body);
  if (!decoded.ok) return decoded;
  try {
    return { ok: true, value: parse(decoded.text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, refusal: 'invalid json', text: decoded.text };
    throw error;
  }
};

/** A form's fields, each with all its values. @throws only what is not the client's fault */
export const decodeForm = async (body: Buffer): Promise<Decoded> => {
  const decoded = await decodeText(body);
  return decoded.ok ? { ok: true, value: listsByName(new URLSearchParams(decoded.text)) } : decoded;
};

/** A field may be named `__proto__`: `fromEntries` makes it a property of its own, where an assignment would set the prototype. */
export const listsByName = (
  pairs: Iterable<readonly [string, string]>,
): Record<string, readonly string[]> => {
  const lists = new Map<string, string[]>();
  for (const [name, value] of pairs) append(lists, name, value);
  return Object.fromEntries(lists);
};
