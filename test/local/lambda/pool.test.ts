import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConcurrencyLimit } from '../../../local/lambda/pool.ts';
import { errorOf, until, Workshop } from './fixtures.ts';

/** Resident memory is read from /proc, and Windows can neither freeze a process nor send it a signal. */
const onLinux = process.platform === 'linux';
const onPosix = process.platform !== 'win32';

let shop: Workshop;
beforeEach(() => {
  shop = new Workshop();
});
afterEach(() => shop.close());

const ECHO = 'export const handler = async (event) => ({ event, pid: process.pid });';
const pidOf = (result: unknown): number => (result as { payload: { pid: number } }).payload.pid;

describe('an invocation', () => {
  test('gets its event and answers', async () => {
    const echo = await shop.make('export const handler = async (event) => ({ got: event });');
    const event = { text: 'ä\u2028"\\', list: [1, null, true] };
    expect(await echo.invoke(event)).toEqual({ kind: 'payload', payload: { got: event } });
  });

  test('answers null for nothing, and takes a value that is no promise', async () => {
    const nothing = await shop.make('export const handler = () => undefined;');
    expect(await nothing.invoke({})).toEqual({ kind: 'payload', payload: null });
    const plain = await shop.make('export const handler = () => 7;');
    expect(await plain.invoke({})).toEqual({ kind: 'payload', payload: 7 });
  });

  test('has the context and the environment of Lambda, and nothing of the local run', async () => {
    process.env['SLUICE_TEST_LEAK'] = 'secret';
    const look = await shop.make(
      `export const handler = async (_, context) => ({
        environment: process.env, ...context, left: context.getRemainingTimeInMillis(),
        hasChannel: 'send' in process });`,
      { environment: { OWN: '1' } },
    );
    const result = await look.invoke({});
    delete process.env['SLUICE_TEST_LEAK'];
    const { environment, left, ...context } = (
      result as { payload: { environment: object; left: number } & Record<string, unknown> }
    ).payload;
    expect(Object.keys(environment).sort()).toEqual([
      'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
      'AWS_LAMBDA_FUNCTION_NAME',
      'AWS_LAMBDA_FUNCTION_VERSION',
      'LAMBDA_TASK_ROOT',
      'OWN',
      'PATH',
      'TEMP',
      'TMP',
      'TMPDIR',
      'TZ',
      '_HANDLER',
    ]);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(20_000);
    expect(context).toMatchObject({
      functionName: 'tested',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:tested',
      memoryLimitInMB: '256',
      hasChannel: false,
    });
    expect(context['awsRequestId']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('carries megabytes both ways, and is refused beyond the limits of Lambda', async () => {
    const echo = await shop.make(`export const handler = async (event) =>
      ({ text: event.text ?? 'x'.repeat(event.size) });`);
    const text = 'y'.repeat(5_000_000);
    expect(await echo.invoke({ text })).toEqual({ kind: 'payload', payload: { text } });
    expect(errorOf(await echo.invoke({ text: 'y'.repeat(6_291_456) })).errorType).toBe(
      'RequestTooLargeException',
    );
    expect(errorOf(await echo.invoke({ size: 6_300_000 })).errorType).toBe('Function.ResponseSizeTooLarge');
  });

  test('logs its lines whole and in order, then one line that reports it', async () => {
    const talk = await shop.make(`export const handler = async () => {
      process.stdout.write('half '); console.log('line'); console.log('{"_aws":{}}'); process.stdout.write('no end'); };`);
    await talk.invoke({});
    expect(shop.lines).toHaveLength(3);
    expect(shop.lines.slice(0, 2)).toEqual(['half line', '{"_aws":{}}']);
    expect(shop.lines[2]).toMatch(
      /^REPORT RequestId: [0-9a-f-]{36}\tDuration: [\d.]+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms$/,
    );
    await talk.close();
    expect(shop.lines[3]).toBe('no end');
  });
});

describe('a function that fails', () => {
  test('by throwing: the error is the answer, and the process goes on', async () => {
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
      how: 'an exception that nobody can catch',
      code: `setTimeout(() => { throw new Error('later') }, 1); await new Promise(() => {});`,
      errorType: 'Runtime.ExitError',
      message: /exit status 129$/,
      log: /Uncaught Exception\t.*later/,
    },
    {
      how: 'a rejection that nobody handles',
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
    // Whichever of V8's limit and the limit of resident memory is met first.
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
      // It ends between two looks at its memory.
      expect(errorOf(await hog.invoke({ rest: true })).errorType).toBe('Runtime.OutOfMemory');
    });
});

describe('code that cannot be loaded', () => {
  const faults = [
    {
      what: 'throws',
      code: `throw new RangeError('at import');`,
      errorType: 'RangeError',
      message: /^at import$/,
    },
    {
      what: 'imports what is not there',
      code: `import './gone.mjs'; export const handler = () => 1;`,
      errorType: 'Runtime.ImportModuleError',
      message: /Cannot find module .*gone\.mjs/,
    },
    {
      what: 'is not JavaScript',
      code: 'export const handler = (;',
      errorType: 'Runtime.UserCodeSyntaxError',
      message: /^SyntaxError: /,
    },
    {
      what: 'has no handler',
      code: 'export const other = 1;',
      errorType: 'Runtime.HandlerNotFound',
      message: /^index\.handler is undefined or not exported$/,
    },
    {
      what: 'has a handler that is no function',
      code: 'export const handler = 1;',
      errorType: 'Runtime.HandlerNotFound',
      message: /^index\.handler is not a function$/,
    },
    {
      what: 'wants a callback',
      code: 'export const handler = (event, context, callback) => callback(null, 1);',
      errorType: 'Runtime.CallbackHandlerDeprecated',
      message: /make it async$/,
    },
    {
      what: 'exits',
      code: 'process.exit(4);',
      errorType: 'Runtime.ExitError',
      message: /exit status 4$/,
    },
  ];
  test.each(faults)('because it $what', async ({ code, errorType, message }) => {
    const broken = await shop.make(code);
    const error = errorOf(await broken.invoke({}));
    expect(error.errorType).toBe(errorType);
    expect(error.errorMessage).toMatch(message);
  });

  test('because it is not there', async () => {
    const absent = await shop.make('', { handler: 'main.handler' });
    expect(errorOf(await absent.invoke({}))).toMatchObject({
      errorType: 'Runtime.ImportModuleError',
      errorMessage: expect.stringMatching(/^Error: Cannot find module 'main'/),
    });
    const nowhere = await shop.make('', { codeDir: join(shop.dir, 'nowhere') });
    expect(errorOf(await nowhere.invoke({})).errorType).toBe('Sandbox.StartFailed');
  });

  test('because loading never ends', async () => {
    const slow = await shop.make('await new Promise(() => setInterval(() => {}, 1000));', {
      initTimeoutMs: 500,
    });
    expect(errorOf(await slow.invoke({})).errorType).toBe('Sandbox.Timedout');
  });

  test('is tried again by the next invocation', async () => {
    const codeDir = shop.write(`throw new Error('first');`);
    const repaired = await shop.make('', { codeDir });
    expect((await repaired.invoke({})).kind).toBe('error');
    writeFileSync(join(codeDir, 'index.mjs'), ECHO);
    expect((await repaired.invoke({})).kind).toBe('payload');
  });
});

describe('processes', () => {
  if (onPosix)
    test('are frozen between invocations', async () => {
      const ticking = await shop.make(`let ticks = 0; setInterval(() => { ticks += 1; }, 5);
      export const handler = async (event) => {
        if (event.wait) await new Promise((go) => setTimeout(go, event.wait));
        return ticks; };`);
      const ticks = async (wait: number): Promise<number> =>
        ((await ticking.invoke({ wait })) as { payload: number }).payload;
      const first = await ticks(100);
      expect(first).toBeGreaterThan(2);
      await sleep(600);
      // Asleep 600 ms it would have ticked more than a hundred times; one overdue tick may come at once.
      expect((await ticks(0)) - first).toBeLessThan(20);
    });

  test('are used again, and one serves one invocation at a time', async () => {
    const slow = await shop.make(`export const handler = async () => {
      await new Promise((go) => setTimeout(go, 100)); return { pid: process.pid }; };`);
    const pids = (await Promise.all([1, 2, 3].map(() => slow.invoke({})))).map(pidOf);
    expect(new Set(pids).size).toBe(3);
    expect(slow.processes).toEqual({ busy: 0, idle: 3 });
    expect(pids).toContain(pidOf(await slow.invoke({})));
  });

  const PAUSE = 'export const handler = () => new Promise((go) => setTimeout(go, 100));';

  test('idle for so long, and then end', async () => {
    const slow = await shop.make(PAUSE, { idleMs: 300 });
    await Promise.all([1, 2, 3].map(() => slow.invoke({})));
    await until(() => slow.processes.idle === 0, 'idle processes to end');
    expect((await slow.invoke({})).kind).toBe('payload');
  });

  test('more than the idle ones to keep end sooner', async () => {
    const slow = await shop.make(PAUSE, { maxIdle: 1, surplusIdleMs: 200 });
    await Promise.all([1, 2, 3].map(() => slow.invoke({})));
    expect(slow.processes.idle).toBe(3);
    await until(() => slow.processes.idle === 1, 'surplus processes to end');
    await sleep(600);
    expect(slow.processes).toEqual({ busy: 0, idle: 1 });
  });

  test('that die while they are idle are not used', async () => {
    const echo = await shop.make(ECHO);
    const pid = pidOf(await echo.invoke({}));
    process.kill(pid, 'SIGKILL');
    await until(() => echo.processes.idle === 0, 'the death to be noticed');
    expect(pidOf(await echo.invoke({}))).not.toBe(pid);
  });

  if (onPosix)
    test('ignore the signals that stop the local run: it ends them itself', async () => {
      const waiting = await shop.make(`export const handler = async () => {
        console.log('pid ' + process.pid); await new Promise((go) => setTimeout(go, 300)); return 'finished'; };`);
      const running = waiting.invoke({});
      await until(() => shop.lines.length > 0, 'the invocation to begin');
      const pid = Number(shop.lines[0]?.slice(4));
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal);
      expect(await running).toEqual({ kind: 'payload', payload: 'finished' });
    });

  test('are on record while they live', async () => {
    const echo = await shop.make(ECHO);
    const pid = pidOf(await echo.invoke({}));
    expect(readdirSync(shop.childrenDir)).toEqual([String(pid)]);
    await echo.close();
    expect(readdirSync(shop.childrenDir)).toEqual([]);
  });
});

describe('concurrency', () => {
  const SLOW = 'export const handler = () => new Promise((go) => setTimeout(go, 300));';

  test("of the account is shared by its functions, a function's reserved part is its own", async () => {
    const concurrency = new ConcurrencyLimit(2);
    const [first, second, apart] = [
      await shop.make(SLOW, { concurrency }),
      await shop.make(SLOW, { concurrency }),
      await shop.make(SLOW, { concurrency, reservedConcurrency: 1 }),
    ];
    const running = [first.invoke({}), second.invoke({}), apart.invoke({})];
    expect(await second.invoke({})).toEqual({
      kind: 'throttled',
      reason: 'ConcurrentInvocationLimitExceeded',
    });
    expect(await apart.invoke({})).toEqual({
      kind: 'throttled',
      reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    });
    expect((await Promise.all(running)).map(({ kind }) => kind)).toEqual(['payload', 'payload', 'payload']);
    expect(concurrency.inUse).toBe(0);
    expect((await second.invoke({})).kind).toBe('payload');
  });

  test('of 0 refuses everything', async () => {
    const off = await shop.make(SLOW, { reservedConcurrency: 0 });
    expect((await off.invoke({})).kind).toBe('throttled');
  });

  test('is given back by an invocation that fails', async () => {
    const broken = await shop.make('process.exit(1)', { reservedConcurrency: 1 });
    for (let i = 0; i < 2; i += 1) expect((await broken.invoke({})).kind).toBe('error');
  });
});

describe('a deploy', () => {
  const version = (name: string): string => `export const handler = async (event) => {
    console.log('began'); await new Promise((go) => setTimeout(go, event.wait ?? 0));
    return '${name} ' + process.env.STAGE; };`;

  test('lets what runs finish on the old code, and starts all else on the new', async () => {
    const deployed = await shop.make(version('old'), { environment: { STAGE: 'a' } });
    await Promise.all([deployed.invoke({ wait: 100 }), deployed.invoke({ wait: 100 })]);
    const running = deployed.invoke({ wait: 500 });
    await until(() => shop.lines.filter((line) => line === 'began').length === 3, 'the invocation to begin');
    deployed.updateCode(shop.write(version('new')), { STAGE: 'b' });
    expect(await deployed.invoke({})).toEqual({ kind: 'payload', payload: 'new b' });
    expect(await running).toEqual({ kind: 'payload', payload: 'old a' });
    expect(await deployed.invoke({})).toEqual({ kind: 'payload', payload: 'new b' });
    await until(() => readdirSync(shop.childrenDir).length === 1, 'the old processes to end');
  });
});

describe('the end', () => {
  const ENDLESS = `export const handler = () => { console.log('began'); return new Promise((go) => setTimeout(go, 15_000)); };`;

  test('answers what still runs, and refuses what comes later', async () => {
    const endless = await shop.make(ENDLESS);
    const running = endless.invoke({});
    await until(() => shop.lines.includes('began'), 'the invocation to begin');
    await endless.close();
    expect(errorOf(await running).errorType).toBe('Sandbox.Closed');
    expect(errorOf(await endless.invoke({})).errorType).toBe('Sandbox.Closed');
  });

  test('of one invocation can be forced by its caller', async () => {
    const endless = await shop.make(ENDLESS);
    const abort = new AbortController();
    const running = endless.invoke({}, { signal: abort.signal });
    await until(() => shop.lines.includes('began'), 'the invocation to begin');
    abort.abort();
    expect(errorOf(await running).errorType).toBe('Sandbox.Aborted');
    expect(errorOf(await endless.invoke({}, { signal: abort.signal })).errorType).toBe('Sandbox.Aborted');
  });

  test('leaves the runtime that was built, which is built once', async () => {
    const [first, second] = await Promise.all([shop.buildRuntime(), shop.buildRuntime()]);
    expect(first).toBe(second);
    expect(existsSync(first)).toBe(true);
    expect(readdirSync(join(shop.dir, 'runtime'))).toHaveLength(1);
  });
});
