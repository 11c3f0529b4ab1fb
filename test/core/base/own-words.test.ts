import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InfraFault, MessageRefused } from '../../../lambdas/core/base/faults.ts';
import { describeForLog, errorName, framesOf, ownWords } from '../../../lambdas/core/base/own-words.ts';
import { asOwnTrouble } from '../../../lambdas/core/stage/own-trouble.ts';

const ADA = 'ada@example.com';

describe('a reason', () => {
  it.each([
    ['answered 422: {"email":"ada@example.com"}', 'answered 422'],
    ['answered 301 (moved to https://example.com/?for=ada@example.com): gone', 'answered 301'],
    ['rejected: answered 400: ada@example.com', 'rejected: answered 400'],
    [
      asOwnTrouble('it crashes: Error: ada@example.com'),
      'others get through, this user does not: it crashes',
    ],
    ['it crashed 3 times: threw { email: "ada@example.com" }', 'it crashed 3 times'],
    ['TLS: the certificate has expired (CERT_HAS_EXPIRED)', 'TLS: the certificate has expired'],
    [
      'work waits, and nothing got through for 10 minutes: it is throttled',
      'work waits, and nothing got through for 10 minutes: it is throttled',
    ],
    ['connect ECONNREFUSED 127.0.0.1:9000', 'connect ECONNREFUSED 127.0.0.1:9000'],
    ['', ''],
  ])('%s', (reason, words) => {
    expect(ownWords(reason)).toBe(words);
  });
});

describe('the name of an error', () => {
  it.each([
    ['TypeError: ada@example.com', 'TypeError'],
    ['Error', 'Error'],
    ['ValidationException: no', 'ValidationException'],
    ['ada@example.com: no', 'Error'],
    ['ada: no', 'Error'],
    ["threw 'ada@example.com'", 'not an error'],
    ['process.exit(3) ended the thread', 'process.exit(3) ended the thread'],
    ['process.exit(ada@example.com) ended the thread', 'Error'],
    [
      'the transform took longer than 0.5 seconds for an event',
      'the transform took longer than 0.5 seconds for an event',
    ],
    ['the transform took longer than 5 seconds for an event of ada@example.com', 'Error'],
  ])('%s', (error, name) => {
    expect(errorName(error)).toBe(name);
  });
});

describe('frames', () => {
  it('are functions, files and lines, with the kinds of the causes', () => {
    const stack = [
      'TypeError: cannot read ada@example.com',
      '    at Object.ada@example.com (file:///var/task/transform.mjs:3:9)',
      '    at async run (/var/task/node_modules/@scope/package/index.js:4:3516)',
      '    at AsyncLocalStorage.run (node:async_hooks:346:14)',
      '    at /var/task/index.mjs:1:2',
      'caused by RangeError: ada@example.com',
      '    at f (/home/ada@example.com/a.mjs:1:2)',
      '    at eval (eval at ada@example.com (/a.mjs:1:1), <anonymous>:1:1)',
    ];
    expect(framesOf(stack.join('\n')).split('\n')).toEqual([
      '    at file:///var/task/transform.mjs:3:9',
      '    at async run (/var/task/node_modules/@scope/package/index.js:4:3516)',
      '    at AsyncLocalStorage.run (node:async_hooks:346:14)',
      '    at /var/task/index.mjs:1:2',
      'caused by RangeError',
    ]);
  });

  it('are no lines of the message', () => {
    const message = 'bad\n    at secret (/home/ada:1:1)';
    expect(framesOf(`Error: ${message}\n    at f (/a.mjs:1:2)`, `Error: ${message}`)).toBe(
      '    at f (/a.mjs:1:2)',
    );
  });

  it('hold no e-mail address, whatever the stack says', () => {
    const piece = fc.constantFrom(
      ADA,
      '    at ',
      ' (',
      ')',
      '\n',
      '/',
      ':1:2',
      'f',
      '.mjs',
      'file://',
      '@',
      'caused by ',
      ': ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        expect(framesOf(pieces.join(''))).not.toMatch(/\w@\w/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('an error for a log', () => {
  it('has its message only if that quotes no event', () => {
    expect(describeForLog(new InfraFault('PutItem failed: Throttling: slow'))).toMatch(
      /^InfraFault: PutItem failed: Throttling: slow\n {4}at .*own-words\.test\.ts:\d+:\d+/,
    );
    expect(describeForLog(new MessageRefused(ADA))).not.toContain(ADA);
    expect(describeForLog({ email: ADA })).toBe('not an error');
  });

  it('quotes no input of JSON.parse, and no cause', () => {
    let thrown: unknown;
    try {
      JSON.parse(`{"email":"${ADA}"`);
    } catch (error) {
      thrown = new Error(ADA, { cause: error });
    }
    const text = describeForLog(thrown);
    expect(text).toMatch(/^Error\n[^]*\ncaused by SyntaxError\n/);
    expect(text).not.toContain('ada');
  });
});
