import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import {
  crashRecord,
  deadLetterCrash,
  deathCrash,
  failureOf,
  redriveCrash,
  thrownBy,
} from '../../../lambdas/core/stage/crash.ts';

const site = { message: { id: 'm', groupId: 'k' }, codeVersion: 'v1', at: 7 };

const record = (error: unknown) => crashRecord(thrownBy(error), site);

describe('a crash of our own code', () => {
  it('has the stack with its causes', () => {
    const error = new Error('outer', { cause: new TypeError('inner') });
    const crash = record(error);
    expect(crash).toMatchObject({ kind: 'throw', error: 'Error: outer', at: 7, messageId: 'm', key: 'k' });
    expect(crash.stack).toMatch(/Error: outer[^]*\ncaused by TypeError: inner[^]*crash\.test\.ts/);
  });

  it.each([
    ['a text', 'oops', "threw 'oops'"],
    ['nothing', undefined, 'threw undefined'],
    ['an object without a prototype', Object.create(null) as unknown, 'threw [Object: null prototype] {}'],
    ['an error of another realm', runInNewContext('new TypeError("x")') as unknown, 'TypeError: x'],
  ])('may be %s', (_, thrown, error) => {
    expect(thrownBy(thrown)).toMatchObject({ kind: 'throw', error });
  });

  it('shows the first levels of the thrown value, and runs none of its code', () => {
    const thrown = {
      status: { code: 7, body: { huge: true } },
      [inspect.custom]: () => {
        throw new Error('thrown while formatting');
      },
    };
    const { error } = thrownBy(thrown);
    expect(error).toContain('code: 7, body: [Object]');
    expect(error).toContain('inspect.custom');
  });

  it('has the name and message in place of a missing stack', () => {
    const error = new RangeError('too far');
    delete error.stack;
    expect(thrownBy(error).stack).toBe('RangeError: too far');
  });

  it('has no cause in its stack if the cause is not an error', () => {
    expect(thrownBy(new Error('outer', { cause: 'a text' })).stack).not.toContain('caused by');
  });
});

describe('a record', () => {
  it('contains what the sandbox knows: the kind, the stack and the event at which the code failed', () => {
    const caught = { kind: 'exit', error: 'process.exit(1)', stack: 'at x', eventId: 'e1' } as const;
    expect(crashRecord(caught, site)).toStrictEqual({
      ...caught,
      codeVersion: 'v1',
      at: 7,
      messageId: 'm',
      key: 'k',
    });
  });

  it('has no undefined field: the store could not keep it', () => {
    expect(failureOf({ kind: 'load', error: 'no' })).toStrictEqual({ kind: 'load', error: 'no' });
  });

  it('is cut to the size limit of an item, whichever field is long', () => {
    const long = 'ä'.repeat(100_000);
    const failure = failureOf({ kind: 'throw', error: long, stack: long, eventId: long });
    const bytes = ({ error, stack = '', eventId = '' }: typeof failure) =>
      [error, stack, eventId].map((text) => Buffer.byteLength(text));
    expect(bytes(failure)).toEqual([1_000, 8_000, 200]);
    expect(Buffer.byteLength(JSON.stringify(record(new Error(long))))).toBeLessThan(10_000);
  });
});

describe('why a message is redriven', () => {
  const caught = record(new Error('x'));

  it('is the last crash that was caught under this code', () => {
    expect(redriveCrash({ failures: 0, crash: caught }, 3, site)).toBe(caught);
  });

  it('is that the process ended, if no crash was caught: a crash of other code does not count', () => {
    const other = { failures: 0, crash: { ...caught, codeVersion: 'v0' } };
    expect(redriveCrash(other, 3, site)).toMatchObject({ kind: 'death', codeVersion: 'v1', at: 7 });
    expect(redriveCrash(undefined, 3, site).error).toContain('ended 3 times');
  });

  it('names the message for a single death', () => {
    expect(deathCrash(site, 'the process ended')).toStrictEqual({
      kind: 'death',
      error: 'the process ended (a native crash, a timeout, or out of memory) while processing this message',
      codeVersion: 'v1',
      at: 7,
      messageId: 'm',
      key: 'k',
    });
  });
});

describe('a dead letter', () => {
  it('states how often it was received, and what the ledger knows', () => {
    const attempt = { failures: 2, lastError: '503', crash: record(new Error('x')) };
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
