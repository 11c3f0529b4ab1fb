/** The local run's S3: what it keeps, and what it refuses. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { answerPutObject } from '../../../local/s3/put-api.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-s3-'));
afterAll(() => rmSync(directory, { recursive: true }));

const AUTHORIZATION = 'AWS4-HMAC-SHA256 Credential=id/20261127/us-east-1/s3/aws4_request, SignedHeaders=host';
const put = (path: string, body = 'content', authorization = AUTHORIZATION) =>
  answerPutObject(
    {
      method: 'PUT',
      path,
      query: new URLSearchParams(),
      headers: { authorization },
      body: Buffer.from(body),
    },
    directory,
    new Set(['archive']),
  );

it('keeps objects as files, and says in which order they were put', async () => {
  expect(await put('/archive/events/dt%3D2026/a.gz')).toMatchObject({ status: 200 });
  await put('/archive/b.gz');
  await put('/archive/events/dt%3D2026/a.gz', 'again');
  expect(readFileSync(join(directory, 's3', 'archive', 'events', 'dt=2026', 'a.gz'), 'utf8')).toBe('again');
  const lines = readFileSync(join(directory, 's3', 'archive.ndjson'), 'utf8')
    .trim()
    .split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { key: string }).key)).toEqual([
    'events/dt=2026/a.gz',
    'b.gz',
    'events/dt=2026/a.gz',
  ]);
});

it.each([
  ['/other/a.gz', 404, 'NoSuchBucket'],
  ['/archive/', 404, 'NoSuchBucket'],
  ['/archive/..%2F..%2Fa.gz', 400, 'InvalidURI'],
])('refuses %s', async (path, status, code) => {
  const answer = await put(path);
  expect(answer).toMatchObject({ status, body: expect.stringContaining(`<Code>${code}</Code>`) });
  expect(existsSync(join(directory, 'a.gz'))).toBe(false);
});

it('leaves the calls of other services to them', async () => {
  expect(await put('/archive/a.gz', '', AUTHORIZATION.replace('/s3/', '/lambda/'))).toBeUndefined();
});
