import { describe, expect, test } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { basic, setUp, WRITE_KEY } from './fakes.ts';

const get = async (
  parts: { readonly key?: string; readonly query?: string; readonly path?: string },
  more: Parameters<typeof setUp>[0] = {},
) => {
  const { post } = setUp(more);
  return post('', {
    method: 'GET',
    path: parts.path ?? '/sourceConfig/',
    headers: parts.key === undefined ? {} : { Authorization: basic(parts.key) },
    ...(parts.query === undefined ? {} : { query: parts.query }),
  });
};

describe('the configuration that SDKs ask for', () => {
  test.each([
    ['as the browser asks', { key: WRITE_KEY, query: `p=npm&v=3.34.1&writeKey=${WRITE_KEY}` }],
    ['as Android asks', { key: WRITE_KEY, path: '/sourceConfig', query: 'p=android&v=1.27.4' }],
    ['with the query alone', { query: `writeKey=${WRITE_KEY}` }],
  ])('%s', async (_, parts) => {
    const answer = await get(parts);
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'private, max-age=300, stale-while-revalidate=86400',
      },
    });
    // Swift's decoder requires every one of these fields; the browser SDK requires an id, a config and a list of destinations.
    expect(JSON.parse(answer.body)).toEqual({
      source: {
        id: 'web',
        name: 'web',
        writeKey: WRITE_KEY,
        enabled: true,
        workspaceId: expect.stringMatching(/./),
        updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } },
        destinations: [],
      },
    });
  });

  test('a disabled source is reported as by the control plane of RudderStack: SDKs stop', async () => {
    const answer = await get({ key: 'old-key' });
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ source: { id: 'old', enabled: false } });
  });

  test('the key it was asked with is in the answer: each of several has its own', async () => {
    expect(JSON.parse((await get({ key: 'rotated-key' })).body)).toMatchObject({
      source: { id: 'web', writeKey: 'rotated-key' },
    });
  });

  test.each([
    [{}, 'failed to read writekey from header'],
    [{ key: 'unknown' }, 'invalid write key'],
    [{ query: 'writeKey=unknown' }, 'invalid write key'],
    [{ key: 'constructor' }, 'invalid write key'],
  ])('%j: 401, and never 400, on which the mobile SDKs wipe their store', async (parts, text) => {
    const answer = await get(parts);
    expect(answer).toMatchObject({ statusCode: 401, body: `${text}\n` });
    expect(answer.headers).not.toHaveProperty('Cache-Control');
  });

  test('needs neither SQS nor DynamoDB nor a clock', async () => {
    const down = () => {
      throw new InfraFault('down');
    };
    const answer = await get({ key: WRITE_KEY }, { sender: { send: down }, readMode: down, clock: down });
    expect(answer.statusCode).toBe(200);
  });
});
