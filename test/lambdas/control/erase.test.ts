import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import { orderKey } from '../../../lambdas/core/event/order-key.ts';
import type { ErasedPage } from '../../../contract/operator-views.ts';
import { START, World } from './world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const erasePage = (request: object = {}) =>
  control({ command: 'erase', source: 'web', userId: 'ada', ...request }, world.deps);

/** Page by page to the end. */
const erase = async (request: object = {}): Promise<Omit<ErasedPage, 'cursor'>> => {
  const total = { parked: 0, rejected: 0, busy: [] as ErasedPage['busy'][number][] };
  let cursor: string | undefined;
  do {
    const answer = await erasePage({ ...request, ...(cursor === undefined ? {} : { cursor }) });
    if (answer?.ok !== true) throw new Error(JSON.stringify(answer));
    const page = answer.result as ErasedPage;
    total.parked += page.parked;
    total.rejected += page.rejected;
    total.busy.push(...page.busy);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return total;
};

const of = (userId: string, messageId: string) => ({ messageId, userId, anonymousId: 'phone' });
const waiting = (key: string, stage = 'crm') =>
  world.parking.messages(stage, key).map(({ body }) => {
    const envelope = parseEnvelope(body);
    return envelope?.kind === 'events' ? envelope.events.map(({ messageId }) => messageId) : [];
  });
const reject = (id: string, body: object, stage = 'crm', more: object = {}) => {
  const receivedAt = new Date(START).toISOString();
  const record = { id, stage, receivedAt, at: START, reason: 'answered 400', sourceId: 'web', ...more };
  world.rejections.push({ ...record, body: JSON.stringify(body), sha256: 'x', size: 3 });
};

describe('erase', () => {
  it('takes the events of the user out of the parked messages of all stages, and leaves those of others', async () => {
    await world.park('crm', 'phone', [of('ada', 'e1'), of('bob', 'e2'), of('ada', 'e3')]);
    await world.park('crm', 'phone', [of('ada', 'e4')], { sequence: 2 });
    await world.park('lake', 'phone', [of('bob', 'e5')]);
    await world.park('router', 'tablet', [of('ada', 'e6')]);
    expect(await erase()).toEqual({ parked: 4, rejected: 0, busy: [] });
    expect(waiting('phone')).toEqual([['e2']]);
    expect(waiting('phone', 'lake')).toEqual([['e5']]);
    expect(world.parking.keys('router')).toEqual([]);
    expect(world.parking.head('crm', 'phone')).not.toHaveProperty('leaseOwner');
    expect(await erase()).toEqual({ parked: 0, rejected: 0, busy: [] });
  });

  it('knows a record whose ids were hashed or dropped before it was sent by its key', async () => {
    const keyOf = (userId: string) => orderKey('web', { userId, anonymousId: '' }, 'userId');
    reject('r1', { messageId: 'e1' }, 'crm', { masked: true, key: keyOf('ada') });
    reject('r2', { messageId: 'e2' }, 'crm', { masked: true, key: keyOf('bob') });
    reject('r3', { messageId: 'e3' }, 'crm', { key: keyOf('ada') });
    expect(await erase()).toEqual({ parked: 0, rejected: 1, busy: [] });
    expect(world.rejections.map(({ id }) => id)).toEqual(['r2', 'r3']);
  });

  it('leaves a message where it stands when finished events go', async () => {
    const attempt = { failures: 2, progress: { events: 2, done: 'p9vCBeAgulBG4mkB' } };
    const events = [of('ada', 'e1'), of('bob', 'e2'), of('bob', 'e3')];
    await world.park('crm', 'phone', events, { attempt });
    await erase();
    const [message] = world.parking.messages('crm', 'phone');
    expect(waiting('phone')).toEqual([['e2', 'e3']]);
    expect(message?.attempt).toEqual({ failures: 2, progress: { events: 1, done: 'p9vCBeAgulBG4mkB' } });
  });

  it('deletes a message when only finished events are left', async () => {
    const attempt = { failures: 0, progress: { events: 1 } };
    await world.park('crm', 'phone', [of('bob', 'e1'), of('ada', 'e2')], { attempt });
    await erase();
    expect(world.parking.size).toBe(0);
  });

  it('removes records, and what is known of the ids that came before', async () => {
    reject('r1', of('ada', 'e1'));
    reject('r2', of('bob', 'e2'));
    reject('r3', of('ada', 'e3'), 'ingest');
    const key = orderKey('web', { userId: 'ada', anonymousId: '' }, 'userId');
    await world.seen.save(key, [{ by: 'aaaaaa', at: START, ids: ['0123456789abcdef'] }]);
    expect(await erase()).toEqual({ parked: 0, rejected: 2, busy: [] });
    expect(world.rejections.map(({ id }) => id)).toEqual(['r2']);
    expect(await world.seen.read(key)).toEqual([]);
  });

  it('takes the user out of what ingest rejected, while that is parked', async () => {
    const rejectedBody = (events: readonly object[]): string =>
      JSON.stringify({
        v: 1,
        kind: 'rejected',
        sourceId: 'web',
        receivedAt: new Date(START).toISOString(),
        reason: 'too large',
        size: 3,
        sha256: 'x',
        body: JSON.stringify(events),
        count: events.length,
      });
    await world.park('router', 'phone', []);
    await world.park('router', 'tablet', []);
    for (const [key, users] of [
      ['phone', ['ada', 'bob']],
      ['tablet', ['ada', 'ada']],
    ] as const) {
      const [message] = world.parking.messages('router', key);
      if (message === undefined) throw new Error('it is parked');
      await world.parking.saveMessage('router', {
        ...message,
        body: rejectedBody(users.map((user, i) => of(user, `e${i}`))),
      });
    }
    expect(await erase()).toMatchObject({ parked: 3 });
    expect(world.parking.keys('router')).toEqual(['phone']);
    const [left] = world.parking.messages('router', 'phone');
    const { body, count } = JSON.parse(left?.body ?? '') as { body: string; count?: number };
    expect({ body, count }).toEqual({ body: JSON.stringify(of('bob', 'e1')), count: undefined });
  });

  it('counts the same in a dry run, and changes nothing', async () => {
    await world.park('crm', 'phone', [of('ada', 'e1'), of('bob', 'e2')]);
    reject('r1', of('ada', 'e3'));
    const before = structuredClone([
      world.parking.messages('crm', 'phone'),
      world.parking.head('crm', 'phone'),
    ]);
    expect(await erase({ dryRun: true })).toEqual({ parked: 1, rejected: 1, busy: [] });
    expect([world.parking.messages('crm', 'phone'), world.parking.head('crm', 'phone')]).toEqual(before);
    expect(world.rejections).toHaveLength(1);
    expect(world.logged).toEqual([]);
  });

  it('names the keys that a function has at that moment, and leaves them as they are', async () => {
    await world.park('crm', 'phone', [of('ada', 'e1')]);
    const lease = { owner: 'drain', now: world.now, until: world.now + 1_000 };
    const head = { key: 'phone', failures: 0 };
    await world.parking.takeLease('crm', head, { ...lease, nextAttemptAt: world.now, triedEpoch: 0 });
    expect(await erase()).toEqual({ parked: 0, rejected: 0, busy: [{ stage: 'crm', key: 'phone' }] });
    expect(waiting('phone')).toEqual([['e1']]);
  });

  it('takes no lease of a key that has nothing of the user', async () => {
    await world.park('crm', 'phone', [of('bob', 'e1')]);
    const head = world.parking.head('crm', 'phone');
    await erase();
    expect(world.parking.head('crm', 'phone')).toEqual(head);
  });

  it('continues where the time was over: in a long key, among many keys, among many records', async () => {
    for (let i = 1; i <= 35; i += 1) await world.park('crm', 'long', [of('ada', `l${i}`)], { sequence: i });
    for (let i = 1; i <= 25; i += 1)
      await world.park('lake', `k${i}`, [of('ada', `k${i}`), of('bob', `b${i}`)]);
    for (let i = 1; i <= 25; i += 1) reject(`r${i}`, of('ada', `r${i}`));
    world.timeLeft = 0;
    expect(await erase({ dryRun: true })).toEqual({ parked: 60, rejected: 25, busy: [] });
    expect(await erase()).toEqual({ parked: 60, rejected: 25, busy: [] });
    expect(world.parking.keys('crm')).toEqual([]);
    expect(world.parking.keys('lake')).toHaveLength(25);
    expect(waiting('k7', 'lake')).toEqual([['b7']]);
    expect(world.rejections).toEqual([]);
  });

  it('says so in the log, without the ids', async () => {
    await world.park('crm', 'phone', [of('ada', 'e1')]);
    await erase();
    const line = world.logged.find(({ message }) => message.includes('erased'));
    expect(line?.fields).toEqual({ source: 'web', parked: 1, rejected: 0 });
  });

  it.each([
    ['names nobody', { userId: undefined }, /^userId: /],
    ['has an empty id', { userId: ' ' }, /userId/],
    ['has a cursor of something else', { cursor: 'bm8' }, /cursor/],
  ])('refuses a request that %s', async (_, request, message) => {
    const answer = await erasePage(request);
    expect(answer).toMatchObject({ ok: false, refused: expect.stringMatching(message) });
  });
});
