/** Any story, with the default settings and any times. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isShut, UNREADABLE, type ModeRecord } from '../../lambdas/core/mode.ts';
import { decide, type ModeEvent } from '../../lambdas/core/mode-machine.ts';
import { parseMode } from '../../lambdas/core/mode-codec.ts';
import { VERSION, type Step } from './mode-oracle.ts';
import { Pair } from './mode-pair.ts';
import {
  answered,
  crash,
  failedProbe,
  HOUR,
  MINUTE,
  OPEN,
  SECOND,
  SETTINGS,
  SHUT,
  START,
} from './mode-support.ts';

const time = fc.oneof(
  fc.integer({ min: 0, max: 30 * SECOND }),
  fc.constantFrom(MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, HOUR),
  fc.integer({ min: 0, max: 2 * HOUR }),
);
const version = fc.constantFrom(VERSION, 'v2', 'v3');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), time }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('redriven' as const),
      id: fc.integer({ min: 0, max: 30 }).map(String),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('failed' as const), key: fc.constantFrom('a', 'b', 'c') }),
  },
  { weight: 6, arbitrary: fc.constantFrom<Step[]>({ do: 'succeeded' }, { do: 'crashed' }, { do: 'look' }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step[]>({ do: 'hold' }, { do: 'resume' }, { do: 'resume' }, { do: 'shut' }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'open' }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answered' as const), version }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('not answered' as const), version }) },
);
/** Many at once of what only counts in numbers. */
const burst = fc.oneof(
  { weight: 8, arbitrary: step.map((one) => [one]) },
  {
    weight: 1,
    arbitrary: fc
      .nat()
      .map((n) => Array.from({ length: 5 }, (_, i): Step => ({ do: 'redriven', id: `${n}:${i}` }))),
  },
  {
    weight: 1,
    arbitrary: fc.constant(Array.from({ length: 20 }, (_, i): Step => ({ do: 'failed', key: `${i % 2}` }))),
  },
  { weight: 1, arbitrary: fc.constant(Array.from({ length: 19 }, (): Step => ({ do: 'succeeded' }))) },
);
const story = fc.array(burst, { maxLength: 60 }).map((bursts) => bursts.flat());
const destinationOnly = (one: Step) => one.do === 'shut' || one.do === 'open';

const play = (steps: readonly Step[], isDestination: boolean): Pair => {
  const pair = Pair.begin(SETTINGS, isDestination);
  for (const one of steps) if (isDestination || !destinationOnly(one)) pair.step(one);
  return pair;
};
/** A record as some story leaves it. */
const record = fc
  .tuple(story, fc.boolean())
  .map(([steps, isDestination]) => play(steps, isDestination).stage);

const ofMessages = (epoch: number): readonly ModeEvent[] => [
  { type: 'redriven', epoch, messageId: 'm', crash: crash() },
  { type: 'failed', epoch, key: 'k', codeVersion: VERSION },
  { type: 'succeeded', epoch },
  { type: 'crashed', epoch },
];

describe('any story', () => {
  it('goes as the rules say', () => {
    fc.assert(
      fc.property(story, fc.boolean(), (steps, isDestination) => {
        play(steps, isDestination);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leads back to normal, once it is released and all is well', () => {
    fc.assert(
      fc.property(story, fc.boolean(), (steps, isDestination) => {
        const pair = play(steps, isDestination);
        if (isDestination) pair.step({ do: 'open' });
        pair.step({ do: 'resume' });
        for (let minutes = 0; minutes < 65; minutes++) {
          pair.step({ do: 'wait', time: MINUTE });
          pair.step({ do: 'answered', version: VERSION });
        }
        expect(pair.stage.mode).toBe('normal');
        pair.step({ do: 'succeeded' });
        pair.stage.after(2 * HOUR).tick();
        expect(pair.stage.record).not.toHaveProperty('troubledSince');
        expect([pair.stage.tick(), pair.stage.succeeded()]).toEqual([false, false]);
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
        expect(JSON.stringify(own).length).toBeLessThan(4_096);
      }),
      { numRuns: 200 },
    );
  });
});

describe('in any state', () => {
  it('what is of another epoch changes nothing', () => {
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

  it('of the system only that it shuts the stage matters', () => {
    const systems: readonly ModeRecord[] = [
      { ...OPEN, mode: 'recovering', epoch: 8, rev: 20 },
      { ...OPEN, epoch: 9, rev: 21, redrives: [{ id: 'm', at: START }] },
      { ...OPEN, held: true },
      { ...SHUT, spill: true, pauseUntil: START },
      UNREADABLE,
    ];
    fc.assert(
      fc.property(record, fc.constantFrom(...systems), ({ record: own, now }, system) => {
        const door = isShut([system]) ? SHUT : OPEN;
        const others: readonly ModeEvent[] = [
          { type: 'tick' },
          { type: 'tick', probe: answered('v4') },
          { type: 'tick', probe: failedProbe() },
          { type: 'hold', reason: 'r' },
          { type: 'resume' },
        ];
        for (const event of [...ofMessages(own.epoch), ...others])
          expect(decide(own, system, event, now, SETTINGS)).toEqual(decide(own, door, event, now, SETTINGS));
      }),
    );
  });

  it('a clock that was behind the others delays, and no more', () => {
    fc.assert(
      fc.property(record, fc.integer({ min: 0, max: HOUR }), (stage, behind) => {
        stage.after(-behind).tick(answered());
        if (stage.system !== undefined) stage.system = OPEN;
        stage.resume();
        for (let minutes = 0; minutes < 130; minutes++) stage.after(MINUTE).tick(answered());
        expect(stage.mode).toBe('normal');
      }),
    );
  });
});
