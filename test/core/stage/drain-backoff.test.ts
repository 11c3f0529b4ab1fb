/** How long a parked key waits for its next drain. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import type { Head } from '../../../lambdas/core/stage/parking-port.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { crash, DrainStage } from '../../support/drain-stage.ts';
import { DELIVERED, STAGE, type Overrides } from '../../support/memory-stage.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

let stage: DrainStage;
beforeEach(() => {
  stage = new DrainStage();
});

const failing = (): never => {
  throw new InfraFault('SQS is down');
};

/** Each time the key is due. */
const drainFiveTimes = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) {
    await stage.drain();
    stage.now += HOUR;
  }
};

describe('after a failed drain a key', () => {
  it('waits an hour at most', async () => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', crash);
    for (let i = 0; i < 20; i++) {
      await stage.drain('a', { time: { random: () => 1 } });
      stage.now = stage.head()?.nextAttemptAt ?? 0;
    }
    const before = stage.now;
    await stage.drain('a', { time: { random: () => 1 } });
    expect(stage.head()).toMatchObject({ failures: 21, nextAttemptAt: before + HOUR });
  });

  it('starts over after some progress', async () => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', { kind: 'retry', reason: '503' });
    await drainFiveTimes();
    const progress = { events: 1 };
    stage.results.set('a1', { kind: 'retry', reason: '503', progress });
    await stage.drain();
    expect(stage.head()).toMatchObject({ failures: 1, nextAttemptAt: stage.now + SECOND / 2 });
  });

  it('starts over after a success', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    stage.results.set('a1', crash);
    await drainFiveTimes();
    stage.results.delete('a1');
    stage.results.set('a2', crash);
    await stage.drain();
    expect(stage.head()).toMatchObject({ failures: 1, nextAttemptAt: stage.now + SECOND / 2 });
  });

  it('starts over after a success, if AWS fails around a later message', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    stage.results.set('a1', crash);
    await drainFiveTimes();
    stage.results.delete('a1');
    stage.results.set('a2', () => {
      stage.faults.set('parking.deleteMessage', 'before');
      return DELIVERED;
    });
    await stage.drain();
    expect(stage.head()).toMatchObject({ failures: 1 });
  });

  it.each([
    ['in the processing of a message', () => stage.results.set('a1', failing)],
    ['around it', () => stage.faults.set('parking.deleteMessage', 'before')],
  ])('waits no longer than in the queue if AWS failed %s', async (_, fail) => {
    await stage.parkAll('a', 'a1');
    fail();
    for (let i = 0; i < 20; i++) {
      await stage.drain();
      stage.now = stage.head()?.nextAttemptAt ?? 0;
    }
    const before = stage.now;
    await stage.drain();
    expect(stage.head()?.nextAttemptAt).toBe(before + 5 * MINUTE);
  });
});

describe.each<[string, Partial<ModeRecord>, number]>([
  ['that recovers, before anything got through', { mode: 'recovering', proven: false }, 5 * MINUTE],
  ['that recovers, after something got through', { mode: 'recovering', proven: true }, HOUR],
  ['that is normal, though nothing got through', { mode: 'normal', proven: false }, HOUR],
])('after twenty failed drains a key of a stage %s', (_, mode, longest) => {
  const drainAgain = async (overrides: Overrides = {}) => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', crash);
    for (let i = 0; i < 20; i++) {
      await stage.drain();
      stage.now = stage.head()?.nextAttemptAt ?? 0;
    }
    stage.setMode(STAGE, { epoch: 1, dueEpoch: 1, since: stage.now, windowFrom: stage.now, ...mode });
    await stage.drain('a', { time: { random: () => 1 }, ...overrides });
    return stage.head();
  };

  it(`waits ${longest / MINUTE} minutes at most`, async () => {
    expect(await drainAgain()).toMatchObject({ failures: 21, nextAttemptAt: stage.now + longest });
  });

  it('is due just as late if its process dies', async () => {
    let charged: Head | undefined;
    await drainAgain({
      ports: { process: async () => ((charged = stage.head()), Promise.resolve(DELIVERED)) },
    });
    expect(charged).toMatchObject({ failures: 21, nextAttemptAt: stage.now + longest });
  });

  it('waits no longer than parked keys ever do', async () => {
    const head = await drainAgain({ settings: { maxDrainBackoff: MINUTE } });
    expect(head).toMatchObject({ failures: 21, nextAttemptAt: stage.now + MINUTE });
  });
});
