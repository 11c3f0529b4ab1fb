/** Functions that throw, end their process, or never end. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { errorOf, Workshop } from './fixtures.ts';

/** Resident memory is read from /proc. */
const onLinux = process.platform === 'linux';

let shop: Workshop;
beforeEach(() => {
  shop = new Workshop();
});
afterEach(() => shop.close());

describe('a function that fails', () => {
  test('by throwing: the error is the answer, and the process continues', async () => {
    const broken = await shop.make(`export const handler = async (event) => {
      if (event.throw) throw new TypeError('no such thing'); return process.pid; };`);
    const before = await broken.invoke({});
    const result = await broken.invoke({ throw: true });
    expect(result).toMatchObject({
      kind: 'error',
      error: { errorType: 'TypeError', errorMessage: 'no such thing' },
    });
    expect(JSON.stringify(result)).toMatch(/stackTrace.*index\.mjs/);
    expect(await broken.invoke({})).toEqual(before);
    expect(shop.lines.join('\n')).toMatch(/ERROR\tInvoke Error\t.*no such thing/);
    expect(shop.lines.join('\n')).toMatch(/REPORT .*Error Type: TypeError\tError: "no such thing"/);
  });

  test('by throwing what is not an error', async () => {
    const broken = await shop.make(`export const handler = async () => { throw 'text'; };`);
    expect(errorOf(await broken.invoke({}))).toMatchObject({ errorType: 'string', errorMessage: 'text' });
  });

  test('by an answer that JSON cannot hold', async () => {
    const broken = await shop.make('export const handler = async () => 1n;');
    expect(errorOf(await broken.invoke({})).errorType).toBe('Runtime.MarshalError');
  });

  const ends = [
    {
      how: 'process.exit',
      code: 'process.exit(3)',
      errorType: 'Runtime.ExitError',
      message: /exit status 3$/,
      log: /REPORT/,
    },
    {
      how: 'process.exit(0)',
      code: 'process.exit(0)',
      errorType: 'Runtime.ExitError',
      message: /without providing a reason$/,
      log: /REPORT/,
    },
    {
      how: 'an exception that cannot be caught',
      code: `setTimeout(() => { throw new Error('later') }, 1); await new Promise(() => {});`,
      errorType: 'Runtime.ExitError',
      message: /exit status 129$/,
      log: /Uncaught Exception\t.*later/,
    },
    {
      how: 'an unhandled rejection',
      code: `void Promise.reject(new Error('loose')); await new Promise(() => {});`,
      errorType: 'Runtime.UnhandledPromiseRejection',
      message: /^Error: loose$/,
      log: /Unhandled Promise Rejection\t.*loose/,
    },
    {
      how: 'an abort',
      code: 'process.abort()',
      errorType: 'Runtime.ExitError',
      message: /signal: aborted$/,
      log: /REPORT/,
    },
  ];
  test.each(ends)(
    'by $how: the process ends, the next one is fresh',
    async ({ code, errorType, message, log }) => {
      const broken = await shop.make(`let calls = 0; export const handler = async (event) => {
      calls += 1; if (!event.crash) return calls; console.log('before'); ${code} };`);
      expect(await broken.invoke({})).toEqual({ kind: 'payload', payload: 1 });
      const error = errorOf(await broken.invoke({ crash: true }));
      expect(error.errorType).toBe(errorType);
      expect(error.errorMessage).toMatch(message);
      expect(await broken.invoke({})).toEqual({ kind: 'payload', payload: 1 });
      expect(shop.lines).toContain('before');
      expect(shop.lines.join('\n')).toMatch(log);
    },
  );

  test('by never ending: it is killed at its timeout, blocked or waiting', async () => {
    const endless = await shop.make(
      `export const handler = async (event) => { console.log('in'); if (event.block) for (;;); await new Promise(() => {}); };`,
      { timeoutMs: 500 },
    );
    for (const block of [true, false]) {
      expect(errorOf(await endless.invoke({ block }))).toMatchObject({
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringMatching(/Task timed out after 0\.50 seconds$/),
      });
    }
    expect(shop.lines.filter((line) => line === 'in')).toHaveLength(2);
    expect(endless.processes).toEqual({ busy: 0, idle: 0 });
  });

  test('by filling the heap', async () => {
    const hog = await shop.make(
      'export const handler = async () => { const all = []; for (;;) all.push({ n: all.length }); };',
      { memoryMb: 128 },
    );
    // Either V8's limit or the limit of resident memory is reached first.
    const { errorType, errorMessage } = errorOf(await hog.invoke({}));
    expect(['Runtime.OutOfMemory', 'Runtime.ExitError']).toContain(errorType);
    expect(errorMessage).toMatch(/signal: (killed|aborted)/);
  });

  if (onLinux)
    test('by filling memory outside the heap', async () => {
      const hog = await shop.make(
        `const all = []; export const handler = async (event) => {
        if (event.rest) { for (let i = 0; i < 30; i++) all.push(Buffer.alloc(5_000_000, 1)); return 'done'; }
        for (;;) { all.push(Buffer.alloc(5_000_000, 1)); await new Promise((go) => setTimeout(go, 5)); } };`,
        { memoryMb: 128 },
      );
      expect(errorOf(await hog.invoke({})).errorType).toBe('Runtime.OutOfMemory');
      // It ends between two checks of its memory.
      expect(errorOf(await hog.invoke({ rest: true })).errorType).toBe('Runtime.OutOfMemory');
    });
});
