/** What an unfinished drain leaves with the message, and in the key's head. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Head } from '../../../lambdas/core/stage/parking-port.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import { DrainStage } from '../../support/drain-stage.ts';
import { STAGE, type Result, type Overrides } from '../../support/memory-stage.ts';
import { SECOND } from '../../support/mode-settings.ts';
import { replaced } from '../../support/ports-gate.ts';

let stage: DrainStage;
beforeEach(async () => {
  stage = new DrainStage();
  await stage.parkAll('a', 'a1');
});

const drain = async (result: Result, overrides: Overrides = {}): Promise<Head | undefined> => {
  stage.results.set('a1', result);
  await stage.drain('a', overrides);
  return stage.head();
};
const known = (): Attempt | undefined => stage.parking.messages(STAGE, 'a')[0]?.attempt;
const saves = (): number => stage.called('parking.saveAttempt').length;
const at = (events: number) => ({ events });

describe('the message', () => {
  it('that was never attempted has no attempt record', () => {
    expect(stage.parking.messages(STAGE, 'a')[0]).not.toHaveProperty('attempt');
  });

  it.each([['stopped'], ['fault']] as const)(
    'keeps its progress when it ends as %s, and is not written without progress',
    async (kind) => {
      await drain({ kind, reason: 'x' });
      expect(saves()).toBe(0);
      stage.now += SECOND;
      await drain({ kind, reason: 'x', progress: at(2) });
      expect([saves(), known()]).toEqual([1, { failures: 0, progress: at(2) }]);
    },
  );

  it('counts its retryable failures from its current event', async () => {
    const failures: unknown[] = [];
    for (const progress of [undefined, at(0), at(1), at(1), at(3)]) {
      await drain({ kind: 'retry', reason: '503', ...(progress === undefined ? {} : { progress }) });
      failures.push(known()?.failures);
      stage.now += 100 * SECOND;
    }
    expect(failures).toEqual([1, 2, 1, 2, 1]);
  });
});

describe('the head', () => {
  it('counts failures in a row, and starts over when events got through', async () => {
    const heads: (Head | undefined)[] = [];
    for (const progress of [at(0), at(0), at(0), at(1), at(1)]) {
      heads.push(await drain({ kind: 'retry', reason: '503', progress }));
      stage.now += 100 * SECOND;
    }
    expect(heads.map((head) => head?.failures)).toEqual([1, 2, 3, 1, 2]);
  });

  it('is due after its backoff when AWS fails, and has no lease', async () => {
    stage.faults.set('parking.page', 'before');
    const head = await drain({ kind: 'done' });
    expect(head).toMatchObject({ failures: 1, nextAttemptAt: stage.now + SECOND / 2 });
    expect(head).not.toHaveProperty('leaseOwner');
  });

  it('that is gone when it is read again is another worker’s: the worker continues', async () => {
    const { parking } = stage.deps().ports;
    const takeLease: typeof parking.takeLease = async (of, key, lease) => {
      const isTaken = await parking.takeLease(of, key, lease);
      const token = stage.parking.head(STAGE, 'a')?.token ?? '';
      await stage.parking.deleteHead(STAGE, 'a', token, lease.owner);
      return isTaken;
    };
    const head = await drain({ kind: 'done' }, { ports: { parking: replaced(parking, { takeLease }) } });
    expect(head).toBeUndefined();
    expect(stage.calls).not.toContain('process a1');
    expect(stage.events).toEqual([]);
  });
});
