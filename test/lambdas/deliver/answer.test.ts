import { describe, expect, it } from '@jest/globals';
import { cut } from '../../../lambdas/core/base/text.ts';
import { judge, readRetryAfter } from '../../../lambdas/deliver/destinations/webhook/answer.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const answer = (status: number, headers: Record<string, string> = {}, body = '') =>
  judge({ kind: 'answer', status, headers, body }, NOW);

describe('classes of answers', () => {
  it.each([
    ...[200, 201, 202, 204, 299].map((status) => [status, 'delivered']),
    ...[300, 301, 302, 303, 304, 307, 308, 399].map((status) => [status, 'closed']),
    ...[401, 402, 403, 404, 407, 410, 421, 423, 426, 495, 496].map((status) => [status, 'closed']),
    ...[408, 425, 429].map((status) => [status, 'retry']),
    ...[400, 405, 406, 409, 411, 413, 414, 415, 422, 424, 431, 451, 499].map((status) => [
      status,
      'rejected',
    ]),
    ...[500, 501, 502, 503, 504, 511, 599].map((status) => [status, 'retry']),
    ...[101, 199, 600, 999].map((status) => [status, 'retry']),
  ] as [number, string][])('%i is %s', (status, kind) => {
    expect(answer(status).kind).toBe(kind);
  });

  it('no answer is retried, a broken configuration is a closed door', () => {
    expect(judge({ kind: 'transport', reason: 'ECONNREFUSED' }, NOW)).toEqual({
      kind: 'retry',
      reason: 'ECONNREFUSED',
    });
    expect(judge({ kind: 'misconfigured', reason: 'private' }, NOW)).toEqual({
      kind: 'closed',
      reason: 'private',
    });
  });

  it.each(['No required SSL certificate was sent', 'The SSL certificate error'])(
    '400 of nginx with "%s" is a closed door: it is about the client certificate',
    (title) => {
      const page = `<html>\r\n<head><title>400 ${title}</title></head>\r\n<body>...</body></html>`;
      expect(answer(400, {}, page)).toMatchObject({ kind: 'closed' });
      expect(answer(400, {}, `{"title":"${title}"}`)).toMatchObject({ kind: 'rejected' });
    },
  );

  it('the reason shows the beginning of the answer, on one line', () => {
    expect(answer(500, {}, ' Oh\n  no ')).toMatchObject({ reason: 'answered 500: Oh no' });
    expect(answer(500)).toMatchObject({ reason: 'answered 500' });
    expect(answer(301, { location: 'https://new.example/' })).toMatchObject({
      reason: 'answered 301 (moved to https://new.example/)',
    });
    expect(answer(422, {}, 'x'.repeat(10_000))).toMatchObject({
      reason: `answered 422: ${'x'.repeat(200)}`,
      answer: { status: 422, body: 'x'.repeat(4096) },
    });
  });

  it.each([503, 429, 500, 404, 301])('%i may say how long to wait', (status) => {
    expect(answer(status, { 'retry-after': '7' })).toMatchObject({ retryAfter: 7_000 });
    expect(answer(status)).not.toHaveProperty('retryAfter');
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    ['0', 0],
    [' 5 ', 5_000],
    ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
  ])('%p is %i ms', (value, wait) => {
    expect(readRetryAfter(value, NOW)).toBe(wait);
  });

  it.each(['', 'soon', '-5', '1.5', '12 monkeys', '2026-11-22', 'never GMT', undefined])(
    '%p says nothing',
    (value) => {
      expect(readRetryAfter(value, NOW)).toBeUndefined();
    },
  );
});

it('texts are truncated between characters', () => {
  expect(cut('aé€😀', 3)).toBe('aé');
  expect(cut('aé€😀', 5)).toBe('aé');
  expect(cut('aé€😀', 9)).toBe('aé€');
  expect(cut('aé€😀', 10)).toBe('aé€😀');
});

describe('a pause', () => {
  it.each([429, 503])('is asked for by %i with Retry-After, of the destination', (status) => {
    expect(answer(status, { 'retry-after': '7' })).toMatchObject({ retryAfter: 7_000, pause: 7_000 });
    expect(answer(status)).not.toHaveProperty('pause');
  });

  it.each([500, 404, 301, 408])('is not asked for by %i, which may be about the event', (status) => {
    expect(answer(status, { 'retry-after': '7' })).not.toHaveProperty('pause');
  });
});
