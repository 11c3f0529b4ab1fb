/** S3's PutObject without the SDK: as `direct-call.ts`, but for the protocol, which is HTTP's own, with errors in XML. */
import type { Clock } from '../core/base/clock.ts';
import { digest } from '../core/base/digest.ts';
import { requireEnv } from './environment.ts';
import { poster, type Posted, type PostLimits } from './post.ts';
import { amzDate, signer } from './signature.ts';

export interface ObjectToPut {
  readonly key: string;
  readonly body: Uint8Array;
  readonly contentType: string;
}

/** @throws what S3 answered, with the error's name; what kept it from answering */
export type PutObject = (object: ObjectToPut) => Promise<void>;

/** As S3's signature has it: of each part of a key, all but letters, digits and `-._~`. */
const encoded = (key: string): string =>
  key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');

const textIn = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

const errorOf = ({ status, body }: Posted): Error =>
  Object.assign(new Error(textIn(body, 'Message') ?? `answered ${status}`), {
    name: textIn(body, 'Code') ?? `Status${status}`,
    status,
  });

export interface BucketPlace {
  readonly bucket: string;
  readonly region: string;
  /** Where S3 of the region is: `https://s3.eu-west-1.amazonaws.com`. */
  readonly endpoint: string;
}

/**
 * The bucket is a part of the host's name, as S3 wants it; of the path where a certificate would not hold for such a name, or where
 * S3 is not AWS's.
 */
const urlOf = ({ bucket, region, endpoint }: BucketPlace): { url: URL; path: string } => {
  const url = new URL(endpoint);
  if (bucket.includes('.') || !url.hostname.startsWith(`s3.${region}.`)) return { url, path: `/${bucket}/` };
  url.hostname = `${bucket}.${url.hostname}`;
  return { url, path: '/' };
};

export const putObject = (place: BucketPlace, clock: Clock, limits: PostLimits): PutObject => {
  const { url, path } = urlOf(place);
  const post = poster(url, limits);
  let sign: ReturnType<typeof signer> | undefined;
  return async ({ key, body, contentType }) => {
    const sessionToken = process.env['AWS_SESSION_TOKEN'];
    sign ??= signer(
      {
        accessKeyId: requireEnv('AWS_ACCESS_KEY_ID'),
        secretAccessKey: requireEnv('AWS_SECRET_ACCESS_KEY'),
      },
      place.region,
      's3',
    );
    const target = { method: 'PUT', path: `${path}${encoded(key)}` };
    const date = amzDate(clock());
    const signed = {
      'content-type': contentType,
      host: url.host,
      'x-amz-content-sha256': digest('sha256', body, 'hex'),
      'x-amz-date': date,
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    };
    const authorization = sign({ ...target, headers: signed, body }, date);
    const headers = { ...signed, authorization, 'content-length': String(body.length) };
    const answer = await post(headers, body, undefined, target);
    if (answer.status !== 200) throw errorOf(answer);
  };
};
