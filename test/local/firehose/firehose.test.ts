/** Firehose and its bucket on this machine, asked as the functions ask them. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FirehoseService } from '../../../local/firehose/service.ts';
import { S3Service } from '../../../local/s3/service.ts';
import { s3Archive } from '../../../lambdas/aws/archive-files.ts';
import { directCall, FIREHOSE, type Call } from '../../../lambdas/aws/direct-call.ts';
import { CREDENTIALS } from '../../support/credentials.ts';
import { startTestApi, clientOptions } from '../run/test-api.ts';

const STREAM = { name: 'S', bucket: 'b', prefix: 'events/' };
let dir: string;
let api: Awaited<ReturnType<typeof startTestApi>>;
let s3: S3Service;
let firehose: FirehoseService;
let call: Call;

const open = async (): Promise<void> => {
  s3 = new S3Service(dir);
  firehose = new FirehoseService(dir, s3, () => undefined);
  await firehose.deploy([STREAM]);
  api = await startTestApi({ firehose, s3 });
  process.env['AWS_REGION'] = 'us-east-1';
  process.env['AWS_ACCESS_KEY_ID'] = CREDENTIALS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = CREDENTIALS.secretAccessKey;
  call = directCall(FIREHOSE, api.url, Date.now);
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'firehose-'));
  await open();
});
afterAll(async () => {
  await firehose.close();
  await api.close();
  await rm(dir, { recursive: true });
});

const put = (text: string, DeliveryStreamName = STREAM.name) =>
  call('PutRecord', { DeliveryStreamName, Record: { Data: Buffer.from(text).toString('base64') } });

const reader = () =>
  s3Archive({ bucket: 'b', prefix: 'events/' }, { ...clientOptions(api), forcePathStyle: true });

const linesSince = async (from: number): Promise<readonly string[]> => {
  const lines: string[] = [];
  for (const file of await reader().files({ from, until: Date.now() + 1 }))
    for await (const line of reader().lines(file)) lines.push(line);
  return lines;
};

describe('Firehose on this machine', () => {
  it('writes gzip objects, which are found by their time and read line by line', async () => {
    const from = Date.now();
    await put('{"a":1}\n{"a":2}\n');
    await put(`${'é'.repeat(200_000)}\n`);
    expect(await linesSince(from)).toEqual([]);
    await firehose.flush();
    expect(await linesSince(from)).toEqual(['{"a":1}', '{"a":2}', 'é'.repeat(200_000)]);
    const hour = 3_600_000;
    expect(await reader().files({ from: from - 9 * hour, until: from - 8 * hour })).toEqual([]);
  });

  it('has after a kill what it had answered', async () => {
    const from = Date.now();
    await put('{"a":3}\n');
    // Nothing is closed: the process is gone.
    const former = { firehose, api };
    await open();
    expect(await linesSince(from)).toContain('{"a":3}');
    expect(await readdir(join(dir, 'firehose'))).toEqual([]);
    await former.firehose.close().catch(() => undefined);
    await former.api.close();
  });

  it('says what is wrong', async () => {
    await expect(put('x', 'other')).rejects.toThrow('Firehose other under account 000000000000 not found');
    await expect(call('PutRecord', { DeliveryStreamName: 'S' })).rejects.toThrow('Record.Data is missing');
    await expect(put('x'.repeat(1_024_001))).rejects.toThrow('1024000 are allowed');
  });
});
