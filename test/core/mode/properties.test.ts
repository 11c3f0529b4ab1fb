/** Any scenario, with the default settings and any times. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isBlocked, type ModeRecord, UNREADABLE } from '../../../lambdas/core/mode/record.ts';
import { decide, type ModeEvent } from '../../../lambdas/core/mode/machine.ts';
import { parseMode } from '../../../lambdas/core/mode/codec.ts';
import { Pair } from './pair.ts';
import { VERSION, type Step } from './steps.ts';
import { answered, crash, failedProbe, OPEN, BLOCKED, START } from './support.ts';
import { HOUR, MINUTE, SECOND, MODE_SETTINGS } from '../../support/mode-settings.ts';

const time = fc.oneof(
  fc.integer({ min: 0, max: 30 * SECOND }),
  fc.constantFrom(MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, HOUR),
  fc.integer({ min: 0, max: 2 * HOUR }),
);
const version = fc.constantFrom(VERSION, 'v2', 'v3');
const waits = fc.constantFrom('queue' as const, 'parked' as const, 'own' as const, 'nothing' as const);
const key = fc.constantFrom('a', 'b', 'c');
const id = fc.integer({ min: 0, max: 30 }).map(String);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), time }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('redriven' as const), id, processed: fc.nat(40) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('died' as const), id }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('failed' as const), key, refused: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rejected' as const), key }) },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Step[]>(
      { do: 'delivered' },
      { do: 'filtered' },
      { do: 'drained' },
      { do: 'crashed' },
      { do: 'attempted' },
      { do: 'tried', delivered: true },
      { do: 'tried', delivered: false },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step[]>({ do: 'hold' }, { do: 'resume' }, { do: 'resume' }, { do: 'block' }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'unblock' }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('look' as const), waits }) },
  {
    weight: 4,
    arbitrary: fc.record(
      { do: fc.constant('look' as const), probe: fc.record({ answered: fc.boolean(), version }), waits },
      { requiredKeys: ['do', 'probe'] },
    ),
  },
);
const times = (count: number, make: (i: number) => Step): readonly Step[] =>
  Array.from({ length: count }, (_, i) => make(i));
/** Many of a kind that counts only in numbers. */
const burst: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 8, arbitrary: step.map((one) => [one]) },
  { weight: 1, arbitrary: fc.nat().map((n) => times(5, (i) => ({ do: 'redriven', id: `${n}:${i}` }))) },
  { weight: 1, arbitrary: fc.nat().map((n) => times(5, (i) => ({ do: 'died', id: `${n}:${i}` }))) },
  { weight: 1, arbitrary: fc.constant(times(20, (i) => ({ do: 'failed', key: `${i % 2}` }))) },
  { weight: 1, arbitrary: fc.constant(times(19, () => ({ do: 'delivered' }))) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 12 }), waits)
      .map(([count, seen]) =>
        times(2 * count, (i) => (i % 2 === 0 ? { do: 'wait', time: MINUTE } : { do: 'look', waits: seen })),
      ),
  },
);
const story = fc.array(burst, { maxLength: 60 }).map((bursts) => bursts.flat());
const destinationOnly = (one: Step) => one.do === 'block' || one.do === 'unblock';

const play = (steps: readonly Step[], isDestination: boolean): Pair => {
  const pair = Pair.begin(MODE_SETTINGS, isDestination);
  for (const one of steps) if (isDestination || !destinationOnly(one)) pair.step(one);
  return pair;
};
const played = fc.tuple(story, fc.boolean()).map(([steps, isDestination]) => play(steps, isDestination));
/** A stage after any scenario. */
const record = played.map(({ stage }) => stage);
const released = (pair: Pair): Pair => {
  if (pair.oracle.is.blockedBySystem) pair.step({ do: 'unblock' });
  if (pair.oracle.is.held) pair.step({ do: 'resume' });
  return pair;
};
const answers: Step = { do: 'look', waits: 'nothing', probe: { answered: true, version: VERSION } };

const about = { codeVersion: VERSION, key: 'k', text: 'no' };
const ofMessages = (epoch: number): readonly ModeEvent[] => [
  { type: 'redriven', epoch, messageId: 'm', crash: crash(), processed: 0 },
  { type: 'died', epoch, messageId: 'm', crash: crash() },
  { type: 'failed', epoch, refused: false, ...about },
  { type: 'rejected', epoch, ...about },
  { type: 'crashed', epoch, crash: crash() },
  { type: 'attempted', epoch },
  { type: 'progress', epoch, delivered: true },
  { type: 'invoked', epoch },
  { type: 'tried', epoch, delivered: true },
];

describe('any scenario', () => {
  it('follows the rules', () => {
    fc.assert(
      fc.property(story, fc.boolean(), (steps, isDestination) => {
        play(steps, isDestination);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is degraded within the bound if from now on nothing gets through while work is waiting', () => {
    const ways: readonly (readonly Step[])[] = [
      [],
      [{ do: 'crashed' }],
      [{ do: 'failed', key: 'a' }],
      [{ do: 'rejected', key: 'a' }],
      [{ do: 'failed', key: 'a' }, { do: 'filtered' }],
    ];
    fc.assert(
      fc.property(played, fc.constantFrom(...ways), waits, (pair, steps, seen) => {
        fc.pre(seen === 'queue' || seen === 'parked');
        released(pair);
        fc.pre(pair.stage.mode !== 'degraded');
        const { epoch } = pair.stage.record;
        for (const one of steps.slice(0, 1)) pair.step(one);
        for (let minute = 0; minute < 12 && pair.stage.mode !== 'degraded'; minute++) {
          pair.step({ do: 'look', waits: seen }).step({ do: 'wait', time: MINUTE });
          for (const one of steps) pair.step(one);
        }
        pair.step({ do: 'look', waits: seen });
        const { history } = pair.stage.record;
        expect(history.some((change) => change.mode === 'degraded' && change.epoch > epoch)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('leads back to normal, once the stage is released and everything works', () => {
    fc.assert(
      fc.property(played, (pair) => {
        released(pair);
        for (let minutes = 0; minutes < 90; minutes++) pair.step({ do: 'wait', time: MINUTE }).step(answers);
        expect(pair.stage.mode).toBe('normal');
        pair.step({ do: 'delivered' });
        pair.stage.after(2 * HOUR).tick();
        expect(pair.stage.record).not.toHaveProperty('troubledSince');
        expect([pair.stage.tick(), pair.stage.delivered()]).toEqual([false, false]);
      }),
      { numRuns: 200 },
    );
  });

  it('leads back to normal within a window of a trial that got through', () => {
    fc.assert(
      fc.property(played, (pair) => {
        released(pair).step({ do: 'tried', delivered: true });
        expect(pair.stage.mode).not.toBe('degraded');
        for (let minutes = 0; minutes < 6; minutes++) {
          pair.step({ do: 'wait', time: MINUTE }).step({ do: 'delivered' });
          pair.step({ do: 'look', waits: 'queue', probe: { answered: true, version: VERSION } });
        }
        expect(pair.stage.mode).toBe('normal');
      }),
      { numRuns: 200 },
    );
  });

  it('leaves a record that can be stored and read again', () => {
    fc.assert(
      fc.property(record, ({ record: own }) => {
        const stored: unknown = JSON.parse(JSON.stringify(own));
        expect(stored).toEqual(own);
        if (own.rev > 0) expect(parseMode(stored)).toEqual(own);
        expect(JSON.stringify(own).length).toBeLessThan(6_144);
      }),
      { numRuns: 200 },
    );
  });
});

describe('in any state', () => {
  it('evidence of another epoch changes nothing', () => {
    fc.assert(
      fc.property(
        record,
        fc.integer({ min: -3, max: 3 }).filter((offset) => offset !== 0),
        (stage, offset) => {
          for (const event of ofMessages(stage.record.epoch + offset)) expect(stage.apply(event)).toBe(false);
        },
      ),
    );
  });

  it('the same redrive counts once', () => {
    fc.assert(
      fc.property(record, time, (stage, wait) => {
        const { epoch } = stage.record;
        stage.redriven('mine');
        expect(stage.after(wait).redriven('mine', epoch)).toBe(false);
      }),
    );
  });

  it('the system matters only in that it blocks the stage', () => {
    const systems: readonly ModeRecord[] = [
      { ...OPEN, mode: 'recovering', epoch: 8, rev: 20 },
      { ...OPEN, epoch: 9, rev: 21, redrives: [{ id: 'm', at: START }] },
      { ...OPEN, held: true },
      { ...BLOCKED, spill: true, pauseUntil: START },
      UNREADABLE,
    ];
    fc.assert(
      fc.property(record, fc.constantFrom(...systems), ({ record: own, now, progress }, system) => {
        const door = isBlocked([system]) ? BLOCKED : OPEN;
        const others: readonly ModeEvent[] = [
          { type: 'tick' },
          { type: 'tick', probe: answered('v4') },
          { type: 'tick', probe: failedProbe() },
          { type: 'hold', reason: 'r' },
          { type: 'resume' },
        ];
        for (const event of [...ofMessages(own.epoch), ...others])
          expect(decide({ own, system, progress }, event, now, MODE_SETTINGS)).toEqual(
            decide({ own, system: door, progress }, event, now, MODE_SETTINGS),
          );
      }),
    );
  });

  it('a clock that was behind the others causes a delay only', () => {
    fc.assert(
      fc.property(record, fc.integer({ min: 0, max: HOUR }), (stage, behind) => {
        stage.after(-behind).tick(answered());
        if (stage.system !== undefined) stage.system = OPEN;
        stage.resume();
        stage.minutes(150);
        expect(stage.mode).toBe('normal');
      }),
    );
  });
});
