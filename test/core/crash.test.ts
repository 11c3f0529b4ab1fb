import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { caughtCrash, deadLetterCrash, redriveCrash } from '../../lambdas/core/crash.ts';
import { LoadError } from '../../lambdas/core/transform.ts';

const site = { message: { id: 'm', groupId: 'k' }, codeVersion: 'v1', at: 7 };

describe('a caught crash', () => {
  it('has the stack with its causes', () => {
    const error = new Error('outer', { cause: new TypeError('inner') });
    const crash = caughtCrash(error, site);
    expect(crash).toMatchObject({ kind: 'throw', error: 'Error: outer', at: 7, messageId: 'm', key: 'k' });
    expect(crash.stack).toMatch(/Error: outer[^]*\ncaused by TypeError: inner[^]*crash\.test\.ts/);
  });

  it('says that the module does not load', () => {
    expect(caughtCrash(new LoadError('no export'), site)).toMatchObject({
      kind: 'load',
      error: 'LoadError: no export',
    });
  });

  it.each([
    ['a text', 'oops', "threw 'oops'"],
    ['nothing', undefined, 'threw undefined'],
    ['an object without a prototype', Object.create(null) as unknown, 'threw [Object: null prototype] {}'],
    ['an error of another realm', runInNewContext('new TypeError("x")') as unknown, 'TypeError: x'],
  ])('may be %s', (_, thrown, error) => {
    expect(caughtCrash(thrown, site).error).toBe(error);
  });

  it('shows the first levels of what was thrown, and runs no code of it', () => {
    const thrown = {
      status: { code: 7, body: { huge: true } },
      [inspect.custom]: () => {
        throw new Error('the user again');
      },
    };
    const { error } = caughtCrash(thrown, site);
    expect(error).toContain('code: 7, body: [Object]');
    expect(error).toContain('inspect.custom');
  });

  it('without a stack has its name and message in its place', () => {
    const error = new RangeError('too far');
    delete error.stack;
    expect(caughtCrash(error, site).stack).toBe('RangeError: too far');
  });

  it('is cut to what an item of the table can hold', () => {
    const error = new Error('ä'.repeat(100_000));
    const crash = caughtCrash(error, site);
    expect(Buffer.byteLength(JSON.stringify(crash))).toBeLessThan(10_000);
  });
});

describe('why a message is redriven', () => {
  const caught = caughtCrash(new Error('x'), site);

  it('is the last crash that was caught under this code', () => {
    expect(redriveCrash({ failures: 0, crash: caught }, 3, site)).toBe(caught);
  });

  it('is that the process ended, when none was: a crash of other code says nothing', () => {
    const other = { failures: 0, crash: { ...caught, codeVersion: 'v0' } };
    expect(redriveCrash(other, 3, site)).toMatchObject({ kind: 'death', codeVersion: 'v1', at: 7 });
    expect(redriveCrash(undefined, 3, site).error).toContain('ended 3 times');
  });
});

describe('a dead letter', () => {
  it('says how often it was received, and what the ledger knows', () => {
    const attempt = { failures: 2, lastError: '503', crash: caughtCrash(new Error('x'), site) };
    expect(deadLetterCrash(attempt, 1_000, site)).toMatchObject({
      kind: 'dead letter',
      error: 'SQS moved it to the dead-letter queue; received 1000 times in all; its last failure: 503',
      stack: expect.stringContaining('Error: x') as unknown,
    });
    expect(deadLetterCrash(undefined, 5, site)).toStrictEqual({
      kind: 'dead letter',
      error: 'SQS moved it to the dead-letter queue; received 5 times in all',
      codeVersion: 'v1',
      at: 7,
      messageId: 'm',
      key: 'k',
    });
  });
});
