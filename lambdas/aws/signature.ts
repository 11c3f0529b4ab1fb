/**
 * AWS's signature version 4, of a request that has no query. The protocols in JSON have the path `/` alone.
 * Source: IAM user guide, "Create a signed AWS API request".
 */
import { createHmac } from 'node:crypto';
import { digest } from '../core/base/digest.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials, such as a function's. */
  readonly sessionToken?: string | undefined;
}

export interface SignedRequest {
  /** All that are signed, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Default: `POST`. */
  readonly method?: string;
  /** As it is sent, encoded. Default: `/`. */
  readonly path?: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** @param now milliseconds since 1970 @returns `20260102T030405Z`, the header `x-amz-date` */
export const amzDate = (now: number): string => new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');

/** @returns what makes the header `authorization` of a request; its `x-amz-date` is among its headers */
export const signer = (
  { accessKeyId, secretAccessKey }: Credentials,
  region: string,
  service: string,
): ((request: SignedRequest, date: string) => string) => {
  // A key is good for a day, and takes four digests to make.
  let keyDay = '';
  let key: Buffer = Buffer.alloc(0);
  return ({ headers, body, method = 'POST', path = '/' }, date) => {
    const day = date.slice(0, 8);
    if (day !== keyDay) {
      key = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secretAccessKey}`, day));
      keyDay = day;
    }
    const names = Object.keys(headers).sort();
    const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`);
    const signed = names.join(';');
    const canonical = `${method}\n${path}\n\n${lines.join('')}\n${signed}\n${digest('sha256', body, 'hex')}`;
    const scope = `${day}/${region}/${service}/aws4_request`;
    const toSign = `${ALGORITHM}\n${date}\n${scope}\n${digest('sha256', canonical, 'hex')}`;
    const signature = hmac(key, toSign).toString('hex');
    return `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
  };
};
