/** A retention of records, run after run: what is warned of, and what is deleted. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { StatusReport } from '../../../contract/status.ts';
import { control } from '../../../lambdas/control/control.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { DAY, HOUR, RETENTION, RetentionWorld } from './retention-world.ts';
import { World } from './world.ts';

let world: RetentionWorld;
beforeEach(() => {
  world = new RetentionWorld();
});

const WARNING = 7 * DAY;

describe('a record that nobody has seen', () => {
  it('is warned of for a week before it is deleted, at most six hours late; the last third is another metric', async () => {
    await world.run();
    await world.record('crm', { age: 0 });
    await world.pass(RETENTION - WARNING - DAY);
    expect(world.warning).toEqual({ expiring: 0, soon: 0 });
    await world.pass(DAY);
    expect(world.warning).toEqual({ expiring: 1, soon: 0 });
    await world.pass(5 * DAY);
    expect(world.warning).toEqual({ expiring: 1, soon: 1 });
    await world.pass(2 * DAY - HOUR);
    expect(world.ids('crm')).toHaveLength(1);
    await world.pass(7 * HOUR);
    expect(world.ids('crm')).toEqual([]);
    expect(world.warning).toEqual({ expiring: 0, soon: 0 });
    expect(world.world.logged).toEqual([
      {
        level: 'warn',
        message: 'records were deleted: their retention is over',
        fields: { stage: 'crm', records: 1, events: 1, unseen: 1 },
      },
    ]);
  });

  it('is not deleted before, when a retention is new and the record is years old', async () => {
    await world.record('crm', { age: 900 * DAY });
    await world.run();
    expect(world.warning).toEqual({ expiring: 1, soon: 0 });
    await world.pass(WARNING);
    expect(world.ids('crm')).toHaveLength(1);
    await world.pass(DAY);
    expect(world.ids('crm')).toEqual([]);
  });

  it('nor when it was made shorter', async () => {
    world.retention = 3_650 * DAY;
    await world.record('crm', { age: 100 * DAY });
    await world.pass(30 * DAY);
    expect(world.warning).toEqual({ expiring: 0, soon: 0 });
    world.retention = RETENTION;
    await world.pass(WARNING);
    expect(world.warning.expiring).toBe(1);
    expect(world.ids('crm')).toHaveLength(1);
    await world.pass(DAY);
    expect(world.ids('crm')).toEqual([]);
  });

  it.each([
    [
      'control did not run',
      () => {
        world.world.now += 30 * DAY;
        return Promise.resolve();
      },
    ],
    [
      'CloudWatch took no metric',
      async () => {
        world.world.faults = { metrics: true };
        for (let i = 0; i < 30; i += 1) {
          world.world.now += DAY;
          await expect(world.run()).rejects.toThrow('metrics failed');
        }
        world.world.faults = {};
      },
    ],
  ])('nor after a time in which nobody was warned: %s', async (_, silence) => {
    await world.record('crm', { age: RETENTION - 20 * DAY });
    await world.run();
    await silence();
    await world.run();
    expect(world.ids('crm')).toHaveLength(1);
    await world.pass(WARNING);
    expect(world.ids('crm')).toHaveLength(1);
    await world.pass(DAY);
    expect(world.ids('crm')).toEqual([]);
  });
});

describe('a record that an operator has seen', () => {
  it('is deleted at its time without a warning', async () => {
    await world.record('crm', { age: DAY });
    await world.list({ stage: 'crm' });
    await world.pass(RETENTION - DAY - HOUR);
    expect(Math.max(...world.world.metric('RecordsExpiring'))).toBe(0);
    expect(world.ids('crm')).toHaveLength(1);
    await world.pass(7 * HOUR);
    expect(world.ids('crm')).toEqual([]);
    expect(world.world.logged.at(-1)).toMatchObject({ level: 'info', fields: { records: 1, unseen: 0 } });
  });

  it('ends the warning in the next run; one of a time that is over stays for another day', async () => {
    await world.record('crm', { age: 900 * DAY, count: 3 });
    await world.pass(HOUR);
    expect(world.warning.expiring).toBe(1);
    await world.list();
    world.world.now += 60_000;
    await world.run();
    expect(world.warning).toEqual({ expiring: 0, soon: 0 });
    await world.pass(22 * HOUR);
    expect(world.ids('crm')).toHaveLength(1);
    await world.pass(3 * HOUR);
    expect(world.ids('crm')).toEqual([]);
  });

  it('but not one that was discarded later and stands before it', async () => {
    await world.record('crm', { age: 80 * DAY });
    await world.list();
    await world.pass(DAY);
    const late = await world.record('crm', { age: 0, accepted: 89 * DAY, discarded: true });
    await world.pass(20 * DAY);
    expect(world.ids('crm')).toEqual([late.id]);
    await world.pass(62 * DAY + 19 * HOUR);
    expect(world.warning.expiring).toBe(1);
  });
});

describe('a look', () => {
  it('is at all that has records: ingest, the stages, and those that are no longer configured', async () => {
    world.world.registry.set('old', { queueName: 'old.fifo', deadLetterQueueName: 'old-dl.fifo' });
    await world.run();
    for (const stage of ['ingest', 'router', 'crm', 'lake', 'old'])
      await world.record(stage, { age: 89 * DAY });
    await world.pass(7 * HOUR);
    expect(world.warning.expiring).toBe(5);
    await world.pass(8 * DAY);
    for (const stage of ['ingest', 'router', 'crm', 'lake', 'old']) expect(world.ids(stage)).toEqual([]);
  });

  it('deletes nothing that was written again in between', async () => {
    const record = await world.record('crm', { age: 90 * DAY });
    await world.pass(7 * DAY + 11 * HOUR);
    const list = world.rejections.list.bind(world.rejections);
    let times = 0;
    world.rejections.list = async (...page) => {
      const found = await list(...page);
      if (page[0] === 'crm' && (times += 1) === 1) await world.rejections.save({ ...record, at: world.now });
      return found;
    };
    await world.pass(DAY);
    expect(times).toBeGreaterThan(0);
    expect(world.rejections.of('crm')).toMatchObject([{ id: record.id }]);
  });

  it('is bounded by time: it continues in the next run, and its last steps are not at stake', async () => {
    for (let i = 0; i < 1_000; i += 1) await world.record('crm', { age: 100 * DAY });
    const list = world.rejections.list.bind(world.rejections);
    let pages = 0;
    world.rejections.list = (...page) => {
      pages += 1;
      world.world.now += 1_000;
      return list(...page);
    };
    await world.run();
    // Five seconds.
    expect(pages).toBeLessThanOrEqual(6);
    expect(world.warning.expiring).toBeLessThan(1_000);
    for (let i = 0; i < 4; i += 1) await world.run();
    expect(world.warning.expiring).toBe(1_000);
    pages = 0;
    world.world.timeLeft = 20_000;
    world.world.now += 8 * DAY;
    await expect(world.run()).rejects.toThrow('no time left');
    expect(pages).toBe(0);
  });

  it('at a stage with many records keeps none of the others waiting', async () => {
    for (let i = 0; i < 1_000; i += 1) await world.record('ingest', { age: 100 * DAY });
    await world.record('crm', { age: 100 * DAY });
    const list = world.rejections.list.bind(world.rejections);
    world.rejections.list = (...page) => {
      world.world.now += 6_000;
      return list(...page);
    };
    // A page in each run: ingest, router, crm.
    for (let i = 0; i < 3; i += 1) await world.run();
    expect(world.warning.expiring).toBe(101);
  });

  it('begins again where its place in the list is one of another version', async () => {
    await world.record('crm', { age: 100 * DAY });
    await world.run();
    const none = { records: 0, unseen: 0, soon: 0 };
    const [, sweep] = [...world.store.sweeps].find(([stage]) => stage === 'crm') ?? [];
    if (sweep === undefined) throw new Error('crm was not looked at');
    world.store.sweeps = new Map([['crm', { ...sweep, under: { found: none, cursor: 'no place' } }]]);
    await world.run();
    expect(world.warning.expiring).toBe(1);
  });

  it('at one stage that fails keeps none of the others', async () => {
    await world.record('crm', { age: 100 * DAY });
    const list = world.rejections.list.bind(world.rejections);
    world.rejections.list = (stage, page) =>
      stage === 'router' ? Promise.reject(new InfraFault('Query failed')) : list(stage, page);
    await expect(world.run()).rejects.toThrow('Query failed');
    expect(world.warning.expiring).toBe(1);
  });

  it('is a part of the minute’s run, and of no other', async () => {
    await world.record('crm', { age: 100 * DAY });
    await control({ Records: [{ EventSource: 'aws:sns' }] }, world.deps);
    expect(world.warning.expiring).toBeUndefined();
    await world.minute();
    expect(world.warning.expiring).toBe(1);
    expect(world.world.metric('Heartbeat')).toEqual([1]);
  });
});

it('without a retention nothing is looked at, and nothing is deleted', async () => {
  const plain = new World();
  await control({ source: 'aws.events' }, { ...plain.deps, rejections: world.rejections });
  await world.record('crm', { age: 900 * DAY });
  await control({ command: 'rejected', seen: true }, { ...plain.deps, rejections: world.rejections });
  expect(plain.metric('RecordsExpiring')).toEqual([]);
  expect(world.ids('crm')).toHaveLength(1);
});

describe('status', () => {
  const status = async (): Promise<StatusReport> => {
    const answer = await control({ command: 'status' }, world.deps);
    if (answer?.ok !== true) throw new Error(JSON.stringify(answer));
    return answer.result as StatusReport;
  };

  it('says what will be deleted, how much of it nobody has seen, and when the first of it goes', async () => {
    await world.run();
    expect(await status()).not.toHaveProperty('expiring');
    await world.record('crm', { age: 85 * DAY });
    await world.record('crm', { age: 84 * DAY });
    await world.list({ stage: 'crm', limit: 1 });
    await world.pass(7 * HOUR);
    expect((await status()).expiring).toEqual([
      { stage: 'crm', records: 2, unseen: 1, next: world.now - 7 * HOUR + 5 * DAY },
    ]);
    // What another retention would have deleted is not said.
    world.retention = 3_650 * DAY;
    expect(await status()).not.toHaveProperty('expiring');
  });
});
