import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { orderKey } from '../../../lambdas/core/event/order-key.ts';
import type { FoundPage } from '../../../contract/operator-views.ts';
import { START, World } from './world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const ask = (request: object) => control({ command: 'find', ...request }, world.deps);

const findPages = async (request: object): Promise<readonly FoundPage[]> => {
  const pages: FoundPage[] = [];
  let cursor: string | undefined;
  do {
    const answer = await ask({ ...request, ...(cursor === undefined ? {} : { cursor }) });
    if (answer?.ok !== true) throw new Error(JSON.stringify(answer));
    const page = answer.result as FoundPage;
    pages.push(page);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
};

const find = async (request: object) => {
  const pages = await findPages(request);
  return {
    parked: pages.flatMap(({ parked }) => parked),
    rejected: pages.flatMap(({ rejected }) => rejected),
  };
};

const of = (userId: string, messageId: string) => ({ messageId, userId, anonymousId: 'phone' });
const record = (id: string, body: object, more: object = {}) => {
  const receivedAt = new Date(START).toISOString();
  const common = { id, stage: 'crm', receivedAt, at: START, reason: 'answered 400', sourceId: 'web' };
  world.rejections.push({ ...common, body: JSON.stringify(body), sha256: 'x', size: 3, ...more });
};

describe('find', () => {
  it('finds the parked keys with events of the user, whatever the key is, and why they are parked', async () => {
    await world.park('crm', 'phone', [of('ada', 'e1'), of('bob', 'e2')]);
    await world.park('crm', 'phone', [of('ada', 'e3')], { sequence: 2 });
    await world.park('lake', 'phone', [of('bob', 'e4')]);
    const { parked, rejected } = await find({ userId: 'ada' });
    expect(rejected).toEqual([]);
    expect(parked).toEqual([
      expect.objectContaining({ stage: 'crm', key: 'phone', source: 'web', events: 2, messages: 2 }),
    ]);
    expect(parked[0]).toHaveProperty('reason');
    expect(parked[0]).toHaveProperty('oldestAcceptedAt');
  });

  it('finds events by the anonymousId, and counts none that are finished', async () => {
    const attempt = { failures: 1, progress: { events: 1 } };
    await world.park('crm', 'phone', [of('ada', 'e1'), of('bob', 'e2')], { attempt });
    expect((await find({ userId: 'ada' })).parked).toEqual([]);
    expect((await find({ anonymousId: 'phone' })).parked).toMatchObject([{ events: 1 }]);
  });

  it('finds rejected and discarded events, without their content', async () => {
    record('r1', of('ada', 'e1'));
    record('r2', [of('bob', 'e2'), of('ada', 'e3')], { count: 2, discarded: true, reason: 'a test' });
    record('r3', of('bob', 'e4'));
    const { rejected } = await find({ userId: 'ada' });
    expect(rejected).toMatchObject([
      { id: 'r1', events: 1, discarded: false },
      { id: 'r2', events: 1, count: 2, discarded: true, reason: 'a test' },
    ]);
    expect(rejected[0]).not.toHaveProperty('body');
  });

  it('looks at one source, one stage, or one kind when asked to', async () => {
    await world.park('crm', 'phone', [of('ada', 'e1')]);
    await world.park('lake', 'phone', [of('ada', 'e1')]);
    record('r1', of('ada', 'e2'), { sourceId: 'app' });
    expect(await find({ userId: 'ada', source: 'app' })).toMatchObject({
      parked: [],
      rejected: [{ id: 'r1' }],
    });
    expect((await find({ userId: 'ada', source: 'web' })).rejected).toEqual([]);
    expect((await find({ userId: 'ada', stage: 'lake' })).parked).toMatchObject([{ stage: 'lake' }]);
    expect((await find({ userId: 'ada', kept: 'parked' })).rejected).toEqual([]);
    expect((await find({ userId: 'ada', kept: 'rejected' })).parked).toEqual([]);
  });

  it('continues where the time was over, within a long key too', async () => {
    for (let i = 1; i <= 35; i += 1) await world.park('crm', 'long', [of('ada', `l${i}`)], { sequence: i });
    for (let i = 1; i <= 25; i += 1) await world.park('lake', `key-${i}`, [of('ada', `m${i}`)]);
    for (let i = 1; i <= 25; i += 1) record(`r${i}`, of('ada', `n${i}`));
    world.timeLeft = 0;
    const pages = await findPages({ userId: 'ada' });
    expect(pages.length).toBeGreaterThan(10);
    const parked = pages.flatMap((page) => page.parked);
    expect(parked.reduce((sum, { events }) => sum + events, 0)).toBe(60);
    expect(new Set(parked.map(({ stage, key }) => `${stage}/${key}`)).size).toBe(26);
    expect(pages.flatMap((page) => page.rejected)).toHaveLength(25);
  });

  it('says which keys the ids make, of each source or of one', async () => {
    const key = (source: string) => ({
      source,
      key: orderKey(source, { userId: 'ada', anonymousId: '' }, 'userId'),
    });
    const [all] = await findPages({ userId: 'ada' });
    expect(all).toMatchObject({ keys: [key('web')], sources: ['web'] });
    const [of] = await findPages({ userId: 'ada', source: 'gone' });
    expect(of).toMatchObject({ keys: [key('gone')], sources: ['web'] });
  });

  it('changes nothing', async () => {
    await world.park('crm', 'phone', [of('ada', 'e1')]);
    const before = structuredClone(world.parking.head('crm', 'phone'));
    await find({ userId: 'ada' });
    expect(world.parking.head('crm', 'phone')).toEqual(before);
    expect(world.logged).toEqual([]);
  });

  it.each([
    [{}, 'userId: give the userId or the anonymousId of the user'],
    [{ userId: ' ' }, "userId: is empty; give the user's userId, as the source sent it"],
    [
      { userId: 'ada', stage: 'crn' },
      'stage: there is no stage "crn"; the stages are ingest, router, crm, lake',
    ],
    [{ userId: 'ada', kept: 'sent' }, 'kept: expected "parked" or "rejected"'],
  ])('refuses %j', async (request, refused) => {
    expect(await ask(request)).toEqual({ ok: false, refused });
  });
});
