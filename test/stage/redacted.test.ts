/** A stage's work on several messages as one hides secrets like its work on one. */
import { expect, it } from '@jest/globals';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import type { Process, ProcessUnit } from '../../lambdas/core/stage/outcome.ts';
import { redactedProcess } from '../../lambdas/stage/redacted.ts';
import { message } from '../support/fakes.ts';

const redact = (text: string): string => text.replaceAll('s3cr3t', '***');
const processing = { attempt: undefined, isTrial: false, inOwnTrouble: false, timeLeft: () => 1_000 };
const one: Process = () => Promise.resolve({ kind: 'done' });
const withUnit = (unit: ProcessUnit): Process => Object.assign(one.bind(undefined), { unit });
const messages = [message('a1', 'a'), message('a2', 'a')];

it('in the outcome of each message', async () => {
  const shown = { delivered: 0, filtered: 0, rejected: 1, rejection: 'no s3cr3t' };
  const unit = () =>
    Promise.resolve([
      { kind: 'done', shown },
      { kind: 'retry', reason: 'answered s3cr3t' },
    ] as const);
  expect(await redactedProcess(withUnit(unit), redact).unit?.(messages, processing)).toEqual([
    { kind: 'done', shown: { ...shown, rejection: 'no ***' } },
    { kind: 'retry', reason: 'answered ***' },
  ]);
});

it('in what it throws, which is the outcome of the first', async () => {
  const unit = () => Promise.reject(new InfraFault('no s3cr3t'));
  expect(await redactedProcess(withUnit(unit), redact).unit?.(messages, processing)).toMatchObject([
    { kind: 'fault', reason: 'no ***' },
  ]);
});

it('of a stage that works on one message at a time only has no other', () => {
  expect(redactedProcess(one, redact).unit).toBeUndefined();
});
