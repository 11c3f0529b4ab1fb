/** Invariants of a stage's record at every step of any scenario. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isBlocked, type ModeRecord } from '../../../lambdas/core/mode/record.ts';
import { answered, failedProbe, NOTHING, OPEN, PARKED, QUEUED, BLOCKED, Stage } from './support.ts';
import { DAY, HOUR, MINUTE, MODE_SETTINGS } from '../../support/mode-settings.ts';

const messageId = fc.integer({ min: 0, max: 40 }).map((n) => `m${n}`);
const happening: fc.Arbitrary<(stage: Stage) => void> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .oneof(fc.nat(MINUTE), fc.constantFrom(2 * MINUTE, 5 * MINUTE, HOUR, 2 * DAY, 7 * DAY))
      .map((time) => (stage: Stage) => void stage.after(time)),
  },
  { weight: 6, arbitrary: messageId.map((id) => (stage: Stage) => void stage.redriven(id)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 25 }))
      .map(([key, times]) => (stage: Stage) => {
        for (let i = 0; i < times; i++) stage.failed(key);
      }),
  },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 25 }).map((times) => (stage: Stage) => {
      for (let i = 0; i < times; i++) stage.delivered();
    }),
  },
  { weight: 2, arbitrary: messageId.map((id) => (stage: Stage) => void stage.died(id)) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('crashed' as const, 'attempted' as const, 'filtered' as const, 'tried' as const)
      .map((what) => (stage: Stage) => void stage[what]()),
  },
  { weight: 2, arbitrary: fc.constant((stage: Stage) => void stage.rejected('a')) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(NOTHING, QUEUED, PARKED)
      .map((waiting) => (stage: Stage) => void stage.tick(undefined, waiting)),
  },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(undefined, answered(), answered('v2'), failedProbe(), failedProbe({ codeVersion: '' }))
      .map((probe) => (stage: Stage) => void stage.tick(probe)),
  },
  {
    weight: 2,
    arbitrary: fc.string({ maxLength: 700 }).map((reason) => (stage: Stage) => void stage.hold(reason)),
  },
  { weight: 3, arbitrary: fc.constant((stage: Stage) => void stage.resume()) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(OPEN, BLOCKED).map((system) => (stage: Stage) => {
      if (stage.system !== undefined) stage.system = system;
    }),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: -2, max: 2 }).map((offset) => (stage: Stage) => {
      stage.apply({ type: 'announced', epoch: Math.min(stage.record.epoch, stage.record.epoch + offset) });
    }),
  },
);

/** @param before the record one step earlier */
const check = (before: ModeRecord, { record, now, system }: Stage): void => {
  const stopped = record.held || (system !== undefined && isBlocked([system]));
  const flips = record.epoch - before.epoch;
  const claims = {
    'a step changes the mode at most once': flips === 0 || flips === 1,
    'a new epoch is a new mode': (record.mode !== before.mode) === (flips === 1),
    'it enters recovering only from degraded':
      record.mode === before.mode || record.mode !== 'recovering' || before.mode === 'degraded',
    'its mode does not improve while it is stopped': !stopped || flips === 0 || record.mode === 'degraded',
    'the latest change is in the history': flips === 0 || record.history.at(-1)?.epoch === record.epoch,
    'the history is short': record.history.length <= 10,
    'redrives are at most the threshold': record.redrives.length <= MODE_SETTINGS.redriveThreshold,
    'each redrive is listed once':
      new Set(record.redrives.map(({ id }) => id)).size === record.redrives.length,
    'the pause is within its limits':
      record.pause === 0 || (record.pause >= MODE_SETTINGS.pause && record.pause <= MODE_SETTINGS.maxPause),
    'failures are counted up to the limit, and of two users':
      (record.failing?.count ?? 0) <= MODE_SETTINGS.breakerFailures &&
      (record.failing?.keys.length ?? 0) <= 2,
    'deaths are at most the threshold': record.deaths.length <= MODE_SETTINGS.redriveThreshold,
    'it has the fields of its current window only':
      record.mode === 'recovering' ||
      (record.attemptedAt === undefined &&
        record.troubleFrom === undefined &&
        record.progressInWindow === undefined),
    'something waits, or nothing': record.waitingSince === undefined || record.quietSince === undefined,
    'the ids of at most four writes': (record.writes?.length ?? 0) <= 4,
    'the shares of at most seven minutes': record.shares.length <= 7,
    'successes are counted only while it recovers': record.successes === 0 || record.mode === 'recovering',
    'successes do not exceed the number that ends the recovery':
      record.successes <= MODE_SETTINGS.recoverAfter,
    'nothing is published before it happened': record.announced <= record.epoch,
    'keys become due by a past or current epoch': record.dueEpoch <= record.epoch,
    'no stored time is in the future':
      Math.max(record.since, record.troubledSince ?? 0, record.frozenAt ?? 0, record.windowFrom) <= now,
    'the reason of a hold is kept exactly as long as the hold':
      record.held === (record.holdReason !== undefined),
    'texts are short': JSON.stringify(record).length < 12_288,
  };
  const broken = Object.entries(claims).flatMap(([claim, holds]) => (holds ? [] : [claim]));
  if (broken.length > 0) throw new Error(`${broken.join('; ')}: ${JSON.stringify([before, record])}`);
};

test('the record stays within its bounds, and the mode follows its order, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), fc.boolean(), (happenings, isDestination) => {
      const stage = new Stage(isDestination ? { system: OPEN } : {});
      for (const happen of happenings) {
        const before = stage.record;
        happen(stage);
        check(before, stage);
      }
    }),
    { numRuns: 500 },
  );
});

test('a stored record is settled: another look at the same moment, without news, changes nothing', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), fc.boolean(), (happenings, isDestination) => {
      const stage = new Stage(isDestination ? { system: OPEN } : {});
      for (const happen of happenings) {
        happen(stage);
        stage.tick();
        expect(stage.tick()).toBe(false);
        const { record, system } = stage;
        const stopped = record.held || (system !== undefined && isBlocked([system]));
        expect(record.frozenAt !== undefined).toBe(stopped);
      }
    }),
    { numRuns: 100 },
  );
});
