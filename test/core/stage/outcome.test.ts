/** The outcome of a message whose work throws. */
import { describe, expect, it } from '@jest/globals';
import { NOTHING_SHOWN, outcomeOf, type Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { AccessFault, InfraFault, MessageRefused } from '../../../lambdas/core/base/faults.ts';
import { message } from '../../support/fakes.ts';

const processing = { attempt: undefined, isTrial: false, inOwnTrouble: false, timeLeft: () => 60_000 };
const thrown = (error: unknown): Promise<Outcome> =>
  outcomeOf(
    () => {
      throw error;
    },
    message('m1', 'a'),
    processing,
  );

describe('the outcome', () => {
  it('is the return value of the work, which gets the message and what is known of it', async () => {
    const given: unknown[] = [];
    const progress = { events: 2 };
    const outcome = await outcomeOf(
      (...args) => (given.push(args), Promise.resolve({ kind: 'stopped', progress })),
      message('m1', 'a'),
      processing,
    );
    expect(outcome).toEqual({ kind: 'stopped', progress });
    expect(given).toEqual([[message('m1', 'a'), processing]]);
  });

  it('of an AWS failure is a fault', async () => {
    expect(await thrown(new InfraFault('throttled'))).toEqual({
      kind: 'fault',
      reason: 'throttled',
      shown: NOTHING_SHOWN,
    });
  });

  it('of an AWS call that is denied is a fault that says so', async () => {
    expect(await thrown(new AccessFault('denied'))).toEqual({
      kind: 'fault',
      reason: 'denied',
      access: true,
      shown: NOTHING_SHOWN,
    });
  });

  it('of a message that AWS does not accept is refused', async () => {
    expect(await thrown(new MessageRefused('too large'))).toEqual({
      kind: 'refused',
      reason: 'too large',
      shown: NOTHING_SHOWN,
    });
  });

  it('of anything else is a crash of our own code, whether it is thrown or rejected', async () => {
    const error = new TypeError('no such property');
    const crash = { kind: 'throw', error: 'TypeError: no such property', stack: error.stack };
    const outcome = { kind: 'crash', crash, shown: NOTHING_SHOWN };
    expect(await thrown(error)).toEqual(outcome);
    const rejected = () => Promise.reject(error);
    expect(await outcomeOf(rejected, message('m1', 'a'), processing)).toEqual(outcome);
    expect(await thrown('a text')).toMatchObject({ kind: 'crash', crash: { error: "threw 'a text'" } });
  });
});
