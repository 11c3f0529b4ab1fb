/** Functions whose code cannot be loaded. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorOf, Workshop } from './fixtures.ts';

let shop: Workshop;
beforeEach(() => {
  shop = new Workshop();
});
afterEach(() => shop.close());

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

  test('is loaded again by the next invocation', async () => {
    const codeDir = shop.write(`throw new Error('first');`);
    const repaired = await shop.make('', { codeDir });
    expect((await repaired.invoke({})).kind).toBe('error');
    writeFileSync(join(codeDir, 'index.mjs'), 'export const handler = async () => 1;');
    expect((await repaired.invoke({})).kind).toBe('payload');
  });
});
