import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConcurrencyLimit } from '../../../local/lambda/pool.ts';
import { until } from '../../../tools/driver/until.ts';
import { errorOf, Workshop } from './fixtures.ts';

let shop: Workshop;
beforeEach(() => {
  shop = new Workshop();
});
afterEach(() => shop.close());

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

  test('learns through which alias it was invoked, each time', async () => {
    const named = await shop.make(
      `export const handler = async (event, context) => context.invokedFunctionArn;`,
    );
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:tested';
    expect(await named.invoke({}, { qualifier: 'read' })).toEqual({
      kind: 'payload',
      payload: `${arn}:read`,
    });
    expect(await named.invoke({})).toEqual({ kind: 'payload', payload: arn });
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

describe('a deployment', () => {
  const version = (name: string): string => `export const handler = async (event) => {
    console.log('began'); await new Promise((go) => setTimeout(go, event.wait ?? 0));
    return '${name} ' + process.env.STAGE; };`;

  test('lets running invocations finish on the old code, and starts all others on the new', async () => {
    const deployed = await shop.make(version('old'), { environment: { STAGE: 'a' } });
    await Promise.all([deployed.invoke({ wait: 100 }), deployed.invoke({ wait: 100 })]);
    const running = deployed.invoke({ wait: 500 });
    await until('the invocation to begin', () => shop.lines.filter((line) => line === 'began').length === 3);
    deployed.updateCode(shop.write(version('new')), { STAGE: 'b' });
    expect(await deployed.invoke({})).toEqual({ kind: 'payload', payload: 'new b' });
    expect(await running).toEqual({ kind: 'payload', payload: 'old a' });
    expect(await deployed.invoke({})).toEqual({ kind: 'payload', payload: 'new b' });
    await until('the old processes to end', () => readdirSync(shop.childrenDir).length === 1);
  });
});

describe('closing', () => {
  const ENDLESS = `export const handler = () => { console.log('began'); return new Promise((go) => setTimeout(go, 15_000)); };`;

  test('answers running invocations, and refuses later ones', async () => {
    const endless = await shop.make(ENDLESS);
    const running = endless.invoke({});
    await until('the invocation to begin', () => shop.lines.includes('began'));
    await endless.close();
    expect(errorOf(await running).errorType).toBe('Sandbox.Closed');
    expect(errorOf(await endless.invoke({})).errorType).toBe('Sandbox.Closed');
  });

  test('of one invocation can be forced by its caller', async () => {
    const endless = await shop.make(ENDLESS);
    const abort = new AbortController();
    const running = endless.invoke({}, { signal: abort.signal });
    await until('the invocation to begin', () => shop.lines.includes('began'));
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
