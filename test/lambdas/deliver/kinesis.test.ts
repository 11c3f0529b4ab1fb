/** A stream as a destination: what is put, after what, and what each failure of Kinesis means. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterAll, describe, expect, it } from '@jest/globals';
import { directCall, KINESIS, type Call } from '../../../lambdas/aws/direct-call.ts';
import { AccessFault } from '../../../lambdas/core/base/faults.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { endpointOf, limitsOf, parseArn } from '../../../lambdas/deliver/destinations/aws/place.ts';
import { kinesisSender, MAX_RECORD_BYTES } from '../../../lambdas/deliver/destinations/kinesis/sender.ts';
import { listen } from '../../../local/common/http.ts';

const STREAM = 'arn:aws:kinesis:eu-west-1:111111111111:stream/clicks';

interface Put {
  readonly StreamARN: string;
  readonly PartitionKey: string;
  readonly Data: string;
  readonly SequenceNumberForOrdering?: string;
}
const named = (name: string, message = 'said'): Error => Object.assign(new Error(message), { name });
const event = (messageId: string, more: Partial<SluiceEvent> = {}) => ({ messageId, ...more });

const stream = (
  answer: (put: Put, n: number) => Error | undefined = () => undefined,
  timeLeft = () => 60_000,
) => {
  const puts: Put[] = [];
  const call: Call = (operation, input) => {
    expect(operation).toBe('PutRecord');
    const n = puts.push(input as Put);
    const error = answer(input as Put, n);
    return error === undefined ? Promise.resolve({ SequenceNumber: `${n}` }) : Promise.reject(error);
  };
  const sender = kinesisSender({ call, streamArn: STREAM, room: 10_000 });
  const send = async (content: SluiceEvent, key = 'ada') => {
    const said = await sender.send([{ sourceId: 'web', key, place: '1', content }], timeLeft);
    return said?.kind === 'each' ? said.verdicts[0] : said;
  };
  return { sender, send, puts };
};
const DELIVERED = { kind: 'delivered' };

describe('a stream', () => {
  it('gets the event’s JSON under its order key', async () => {
    const { sender, send, puts } = stream();
    expect(sender.batch).toBe(1);
    expect(await send(event('a', { text: 'é' }))).toEqual(DELIVERED);
    expect(puts).toEqual([
      {
        StreamARN: STREAM,
        PartitionKey: 'ada',
        Data: Buffer.from('{"messageId":"a","text":"é"}').toString('base64'),
      },
    ]);
  });

  it('gets each event of a key after the one before it, and of no other key', async () => {
    const { send, puts } = stream();
    for (const key of ['ada', 'bob', 'ada', 'ada', 'bob']) await send(event('e'), key);
    expect(puts.map((put) => put.SequenceNumberForOrdering)).toEqual([undefined, undefined, '1', '3', '2']);
  });

  it('remembers the latest 10,000 keys', async () => {
    const { send, puts } = stream();
    await send(event('e'), 'ada');
    await send(event('e'), 'bob');
    for (let i = 0; i < 9_999; i += 1) await send(event('e'), `u${i}`);
    await send(event('e'), 'ada');
    await send(event('e'), 'u9998');
    expect(puts.at(-2)?.SequenceNumberForOrdering).toBeUndefined();
    expect(puts.at(-1)?.SequenceNumberForOrdering).toBe('10001');
  });

  it.each([
    'ProvisionedThroughputExceededException',
    'KMSThrottlingException',
    'InternalFailure',
    'TimeoutError',
  ])('is tried again after %s, after the same event', async (name) => {
    const { send, puts } = stream((_, n) => (n === 2 ? named(name) : undefined));
    await send(event('a'));
    expect(await send(event('b'))).toEqual({
      kind: 'retry',
      reason: `PutRecord of "${STREAM}" failed: ${name}: said`,
    });
    expect(await send(event('b'))).toEqual(DELIVERED);
    expect(puts.map((put) => put.SequenceNumberForOrdering)).toEqual([undefined, '1', '1']);
  });

  it.each([
    'AccessDeniedException',
    'ResourceNotFoundException',
    'KMSAccessDeniedException',
    'KMSDisabledException',
  ])('lets us do nothing: %s is a fault that names the stream', async (name) => {
    const fault = await stream(() => named(name))
      .send(event('a'))
      .catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(AccessFault);
    expect(String(fault)).toContain('stream/clicks');
  });

  it('refuses a record for its content: rejected', async () => {
    const { send, puts } = stream(() => named('ValidationException', 'at most 1048576'));
    expect(await send(event('a'))).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('1048576'),
    });
    expect(puts).toHaveLength(1);
  });

  it('was split: a number of the old shard is left out, and the record is put', async () => {
    const { send, puts } = stream((put, n) =>
      n > 1 && put.SequenceNumberForOrdering !== undefined ? named('InvalidArgumentException') : undefined,
    );
    await send(event('a'));
    expect(await send(event('b'))).toEqual(DELIVERED);
    expect(puts.map((put) => put.SequenceNumberForOrdering)).toEqual([undefined, '1', undefined]);
  });

  it('rejects what is too large for any stream without a call, and begins nothing without time', async () => {
    const { send, puts } = stream();
    const text = 'x'.repeat(MAX_RECORD_BYTES);
    expect(await send(event('a', { text }))).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining(`Kinesis takes ${MAX_RECORD_BYTES}`),
    });
    expect(await stream(undefined, () => 9_999).send(event('a'))).toBeUndefined();
    expect(puts).toEqual([]);
  });
});

describe('a call of Kinesis', () => {
  const before = { ...process.env };
  afterAll(() => {
    process.env = before;
  });

  it('is signed for the stream’s region, in AWS JSON 1.1', async () => {
    process.env = {
      ...before,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'key',
    };
    const asked: IncomingHttpHeaders[] = [];
    const server = await listen(
      createServer((request, response) => {
        asked.push(request.headers);
        request.resume().on('end', () => response.end('{"SequenceNumber":"7"}'));
      }),
      { host: '127.0.0.1', port: 0 },
    );
    const { region } = parseArn(STREAM);
    const call = directCall({ ...KINESIS, region }, server.url, Date.now, limitsOf(10_000));
    expect(await call('PutRecord', {})).toEqual({ SequenceNumber: '7' });
    await server.close();
    expect(asked[0]).toMatchObject({
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'Kinesis_20131202.PutRecord',
      authorization: expect.stringMatching(/Credential=id\/\d{8}\/eu-west-1\/kinesis\/aws4_request/),
    });
  });

  it.each([
    ['https://sqs.us-east-1.amazonaws.com/1/q', {}, 'https://kinesis.eu-west-1.amazonaws.com'],
    ['https://sqs.cn-north-1.amazonaws.com.cn/1/q', {}, 'https://kinesis.eu-west-1.amazonaws.com.cn'],
    ['http://127.0.0.1:1/0/q', { AWS_ENDPOINT_URL_KINESIS: 'http://127.0.0.1:2' }, 'http://127.0.0.1:2'],
  ])('goes where the SDK’s would: %s %j', (queueUrl, env, url) => {
    expect(endpointOf(parseArn(STREAM), queueUrl, env)).toBe(url);
  });

  it('ends within the time of a request', () => {
    for (const time of [1_000, 10_000]) {
      const { connect, answer } = limitsOf(time);
      expect(connect + answer).toBe(time);
      expect(Math.min(connect, answer)).toBeGreaterThan(0);
    }
  });
});
