/** S3's PutObject: where it goes, how it is signed, and what its errors are called. */
import { createServer, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { putObject, type BucketPlace } from '../../lambdas/aws/put-object.ts';
import { signer } from '../../lambdas/aws/signature.ts';
import { digest } from '../../lambdas/core/base/digest.ts';
import { listen, readBody, type Listening } from '../../local/common/http.ts';

const NOW = Date.UTC(2026, 10, 27, 20, 4, 5);
const LIMITS = { connect: 1_000, answer: 1_000 };
const CREDENTIALS = { accessKeyId: 'ASIA', secretAccessKey: 'key', sessionToken: 'token+/=' };

const before = { ...process.env };
let server: Listening;
let asked: { request: IncomingMessage; body: Buffer } | undefined;
let answer = { status: 200, body: '' };
beforeAll(async () => {
  server = await listen(
    createServer((request, response) => {
      void readBody(request, 1_000_000).then((body) => {
        asked = { request, body };
        response.writeHead(answer.status).end(answer.body);
      });
    }),
    { host: '127.0.0.1', port: 0 },
  );
});
beforeEach(() => {
  answer = { status: 200, body: '' };
  process.env['AWS_ACCESS_KEY_ID'] = CREDENTIALS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = CREDENTIALS.secretAccessKey;
  process.env['AWS_SESSION_TOKEN'] = CREDENTIALS.sessionToken;
});
afterEach(() => {
  process.env = { ...before };
});
afterAll(() => server.close());

const put = (key = 'events/dt=2026-11-27/a.json.gz', more: Partial<BucketPlace> = {}): Promise<void> => {
  const place = { bucket: 'archive', region: 'eu-west-1', endpoint: server.url, ...more };
  const object = { key, body: Buffer.from('content'), contentType: 'application/gzip' };
  return putObject(place, () => NOW, LIMITS)(object);
};

it.each(['events/dt=2026-11-27/a.json.gz', "a b/é!'()*~.gz"])('is signed as it is sent: %s', async (key) => {
  await put(key);
  const { request, body = Buffer.from('') } = asked ?? {};
  expect([request?.method, body.toString()]).toEqual(['PUT', 'content']);
  const path = request?.url ?? '';
  expect(path).toMatch(/^[\w/%.~-]+$/);
  expect(decodeURIComponent(path)).toBe(`/archive/${key}`);
  const headers = request?.headers ?? {};
  const names = ['content-type', 'host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'];
  const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
  expect(signed['x-amz-content-sha256']).toBe(digest('sha256', body, 'hex'));
  const sign = signer(CREDENTIALS, 'eu-west-1', 's3');
  expect(headers.authorization).toBe(
    sign({ method: 'PUT', path, headers: signed, body }, '20261127T200405Z'),
  );
});

/** "Examples: Signature Calculations in AWS Signature Version 4", of the API reference of S3. */
it('has the signature of the example in the reference of S3', () => {
  const body = Buffer.from('Welcome to Amazon S3.');
  const sign = signer(
    { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
    'us-east-1',
    's3',
  );
  const headers = {
    date: 'Fri, 24 May 2013 00:00:00 GMT',
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-content-sha256': digest('sha256', body, 'hex'),
    'x-amz-date': '20130524T000000Z',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  };
  const said = sign({ method: 'PUT', path: '/test%24file.text', headers, body }, '20130524T000000Z');
  expect(said).toMatch(/Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd$/);
});

it.each([
  [
    503,
    '<Error><Code>SlowDown</Code><Message>Please reduce.</Message></Error>',
    'SlowDown',
    'Please reduce.',
  ],
  [403, '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>', 'AccessDenied', 'answered 403'],
  [301, '', 'Status301', 'answered 301'],
])('fails as S3 says: %i', async (status, body, name, message) => {
  answer = { status, body };
  await expect(put()).rejects.toMatchObject({ name, message, status });
});

it.each([
  ['archive', 'https://s3.eu-west-1.amazonaws.com', 'archive.s3.eu-west-1.amazonaws.com'],
  ['my.archive', 'https://s3.eu-west-1.amazonaws.com', 's3.eu-west-1.amazonaws.com'],
])('the bucket %s of %s is at %s', async (bucket, endpoint, host) => {
  // No such host is reached from here: its name is in the error.
  await expect(
    putObject(
      { bucket, region: 'eu-west-1', endpoint: endpoint.replace('amazonaws.com', 'invalid') },
      () => NOW,
      LIMITS,
    )({
      key: 'a',
      body: Buffer.from(''),
      contentType: 'application/gzip',
    }),
  ).rejects.toMatchObject({ message: expect.stringContaining(host.replace('amazonaws.com', 'invalid')) });
});
