/** What `rejected` remembers of who has seen what, where there is a retention. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { NOTHING_SEEN, seenAt } from '../../../lambdas/core/event/retention.ts';
import { DAY, RETENTION, RetentionWorld } from './retention-world.ts';

let world: RetentionWorld;
beforeEach(() => {
  world = new RetentionWorld();
});

const seenIn = async (stage: string): Promise<readonly string[]> => {
  const seen = await world.store.readSeen(stage);
  return world.rejections
    .of(stage)
    .filter((record) => seenAt(seen, record) !== undefined)
    .map(({ id }) => id);
};
const fill = async (stage: string, count: number): Promise<void> => {
  for (let i = 0; i < count; i += 1) await world.record(stage, { age: DAY * (count - i) });
};
const messages = () => world.world.logged.map(({ level, message }) => `${level}: ${message}`);

describe('a list', () => {
  it('says how long records are kept', async () => {
    await fill('crm', 1);
    expect(await world.list()).toMatchObject({ retention: RETENTION });
  });

  it('is remembered page by page, of each stage as far as it was read', async () => {
    await fill('router', 2);
    await fill('crm', 4);
    const first = await world.list({ limit: 3 });
    expect(await seenIn('router')).toHaveLength(2);
    expect(await seenIn('crm')).toHaveLength(1);
    const second = await world.list({ limit: 2, cursor: first.cursor ?? '' });
    expect(second.events.map(({ id }) => id)).toEqual(world.ids('crm').slice(1, 3));
    expect(await seenIn('crm')).toEqual(world.ids('crm').slice(0, 3));
    const { cursor, events } = await world.list({ limit: 2, cursor: second.cursor ?? '' });
    expect(events).toHaveLength(1);
    expect(cursor).toBeUndefined();
    expect(await seenIn('crm')).toHaveLength(4);
  });

  it('that a program reads is no look, and neither is what a person reads on behind it', async () => {
    await fill('crm', 4);
    const { cursor = '' } = await world.list({ limit: 2, seen: false });
    await world.list({ limit: 2, cursor });
    expect(await seenIn('crm')).toEqual([]);
    const mine = await world.list({ limit: 1 });
    const its = await world.list({ limit: 1, seen: false, cursor: mine.cursor ?? '' });
    await world.list({ limit: 1, cursor: its.cursor ?? '' });
    expect(await seenIn('crm')).toEqual(world.ids('crm').slice(0, 1));
  });

  it('is as old as its first page: what came in between stands in none of its pages', async () => {
    await fill('crm', 4);
    const { cursor = '' } = await world.list({ limit: 2 });
    world.world.now += DAY;
    const late = await world.record('crm', { age: DAY / 2, accepted: 30 * DAY });
    await world.list({ limit: 50, cursor });
    expect(await seenIn('crm')).toHaveLength(4);
    expect(await seenIn('crm')).not.toContain(late.id);
  });

  it('is remembered once, with who read it, and not each time that a console asks', async () => {
    await fill('crm', 2);
    const ask = () => control({ command: 'rejected', seen: true, by: 'ada' }, world.deps);
    await ask();
    expect(world.world.logged).toEqual([
      {
        level: 'info',
        message: 'an operator saw records of rejected events',
        fields: { stage: 'crm', by: 'ada' },
      },
    ]);
    const saved = await world.store.readSeen('crm');
    world.world.now += 60_000;
    await ask();
    expect(await world.store.readSeen('crm')).toBe(saved);
    expect(messages()).toHaveLength(1);
  });

  it('is shown even if it cannot be remembered', async () => {
    await fill('crm', 2);
    world.store.saveSeen = () => Promise.reject(new InfraFault('PutItem failed'));
    expect((await world.list()).events).toHaveLength(2);
    expect(messages()).toEqual(['warn: could not remember which records were seen']);
  });

  it('continues from a cursor of a version that remembered nothing', async () => {
    await fill('crm', 3);
    const plain = { ...world.deps, retention: undefined };
    const answer = await control({ command: 'rejected', limit: 1 }, plain);
    const { cursor } = (answer as { result: { cursor: string } }).result;
    expect((await world.list({ limit: 50, cursor })).events).toHaveLength(2);
    expect(await world.store.readSeen('crm')).toEqual(NOTHING_SEEN);
    // And the other way round, when the retention was taken away in between.
    const { cursor: own } = await world.list({ limit: 1 });
    const rest = await control({ command: 'rejected', seen: true, limit: 50, cursor: own }, plain);
    expect(rest).toMatchObject({ ok: true, result: { events: [{}, {}] } });
  });

  it('that begins at a place which is none is refused', async () => {
    await expect(world.list({ cursor: 'eyJhc09mIjoxLCJmcm9tIjoieCJ9' })).rejects.toThrow('"ok":false');
  });
});
