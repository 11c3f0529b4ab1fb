/** That the fuzzer finds nothing in ingest, and finds the faults that it is for. */
import { describe, expect, it } from '@jest/globals';
import { fuzz, inProcess } from './fuzz.ts';

const REQUESTS = 400;

describe('mutated requests', () => {
  it('are all answered, and none with a 5xx', async () => {
    const { statuses, violations } = await fuzz({ from: 1, requests: REQUESTS, concurrency: 1 }, inProcess());
    expect(violations).toEqual([]);
    // They reach all parts of ingest: what is stored, what is malformed, what is not allowed, what does not exist.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 401, 404]));
  });

  it.each([
    ['a request that fails', () => Promise.reject(new Error('a bug')), /: Error: a bug$/],
    ['an answer of 500', () => Promise.resolve(500), /: answered 500$/],
  ] as const)('show %s, with the seed of the request', async (_, send, text) => {
    const ingest = inProcess();
    const { violations } = await fuzz({ from: 1, requests: REQUESTS, concurrency: 1 }, (request) =>
      request.body?.includes('NaN') === true ? send() : ingest(request),
    );
    expect(violations.length).toBeGreaterThan(0);
    for (const violation of violations) {
      expect(violation).toMatch(/^seed \d+: [A-Z]+ \//);
      expect(violation).toMatch(text);
    }
  });
});
