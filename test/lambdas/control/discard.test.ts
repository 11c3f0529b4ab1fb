import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { START, World } from './world.ts';

const LATER = START + 3_600_000;
const crash = { kind: 'throw', error: 'TypeError: x', codeVersion: 'v', at: START } as const;
const events = ['e1', 'e2', 'e3'].map((messageId) => ({ messageId, anonymousId: 'ann' }));

let world: World;
const discard = (messageId: string, request: object = {}) =>
  control(
    { command: 'discard', stage: 'crm', key: 'ann', messageId, reason: 'spam', ...request },
    world.deps,
  );
/** Ids of the events that are parked, message by message. */
const waiting = (key = 'ann') =>
  world.parking.messages('crm', key).map(({ body }) => {
    const envelope = parseEnvelope(body);
    return envelope?.kind === 'events' ? envelope.events.map(({ messageId }) => messageId) : [];
  });
const attempt = () => world.parking.messages('crm', 'ann')[0]?.attempt;
const discarded = () =>
  world.rejections.map(({ body }) => (JSON.parse(body) as { messageId: string }).messageId);

beforeEach(() => {
  world = new World();
});

describe('discard', () => {
  it('takes one event out, keeps it with the reason, and lets the key be tried', async () => {
    await world.park('crm', 'ann', events);
    await world.park('crm', 'ann', [{ messageId: 'e4' }], { sequence: 2 });
    await world.backOff('crm', 'ann', LATER);
    expect(await discard('e2')).toEqual({ ok: true, result: { discarded: 'e2', left: 2 } });
    expect(waiting()).toEqual([['e1', 'e3'], ['e4']]);
    expect(world.rejections).toEqual([
      {
        id: 'ann-1:discarded:3:1',
        stage: 'crm',
        receivedAt: new Date(START).toISOString(),
        at: START,
        reason: 'spam',
        sourceId: 'web',
        body: JSON.stringify(events[1]),
        size: 38,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        discarded: true,
        key: 'ann',
      },
    ]);
    expect(world.parking.head('crm', 'ann')).toEqual({
      key: 'ann',
      token: 'token-ann-2',
      nextAttemptAt: START,
      failures: 0,
      reason: 'redriven',
      parkedAt: START,
      triedEpoch: 0,
    });
    expect(world.drains).toEqual([`function-crm/${shardOf('ann')}`]);
  });

  it('of a later message leaves the backoff of the key as it is', async () => {
    await world.park('crm', 'ann', events);
    await world.park('crm', 'ann', [{ messageId: 'e4' }, { messageId: 'e5' }], { sequence: 2 });
    await world.backOff('crm', 'ann', LATER);
    expect(await discard('e4')).toMatchObject({ ok: true, result: { left: 2 } });
    expect(waiting()).toEqual([['e1', 'e2', 'e3'], ['e5']]);
    expect(world.parking.head('crm', 'ann')).toMatchObject({ nextAttemptAt: LATER, failures: 1 });
    expect(world.parking.head('crm', 'ann')).not.toHaveProperty('leaseOwner');
    expect(world.drains).toEqual([]);
  });

  it('of the last event of a message deletes the message', async () => {
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    await world.park('crm', 'ann', [{ messageId: 'e2' }], { sequence: 2 });
    expect(await discard('e1')).toMatchObject({ result: { left: 1 } });
    expect(waiting()).toEqual([['e2']]);
  });

  it('of the last event of a key ends its parking', async () => {
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    expect(await discard('e1')).toEqual({ ok: true, result: { discarded: 'e1', left: 0 } });
    expect(world.parking.keys('crm')).toEqual([]);
    expect(world.parking.size).toBe(0);
  });

  it('keeps the head of a message that was parked at the last moment', async () => {
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    const count = world.parking.countMessages.bind(world.parking);
    world.parking.countMessages = async (...args) => {
      const found = await count(...args);
      await world.park('crm', 'ann', [{ messageId: 'e2' }], { sequence: 2 });
      return found;
    };
    await discard('e1');
    expect([world.parking.keys('crm'), waiting()]).toEqual([['ann'], [['e2']]]);
    expect(world.parking.head('crm', 'ann')).toMatchObject({ nextAttemptAt: START, failures: 0 });
  });

  it('keeps what is finished of the message, and forgets the outputs of the event itself', async () => {
    const progress = { events: 1, done: 'first, second' };
    const failing = {
      failures: 4,
      firstFailedAt: START,
      lastError: '400',
      progress,
      crash,
      charges: 2,
      stamp: 's',
    };
    await world.park('crm', 'ann', events, { attempt: failing });
    expect(await discard('e1')).toMatchObject({ ok: false });
    await discard('e2');
    expect(waiting()).toEqual([['e1', 'e3']]);
    expect(attempt()).toEqual({ failures: 0, progress: { events: 1 } });
  });

  it('of a later event keeps what is known of the one where the message stands', async () => {
    const progress = { events: 1, done: 'first, second' };
    const failing = {
      failures: 4,
      firstFailedAt: START,
      lastError: '400',
      progress,
      crash,
      charges: 2,
      stamp: 's',
    };
    await world.park('crm', 'ann', events, { attempt: failing });
    await discard('e3');
    expect(attempt()).toEqual({ failures: 4, firstFailedAt: START, lastError: '400', progress });
  });

  it('of the last event that is not finished deletes the message', async () => {
    const progress = { events: 2, done: 'first' };
    await world.park('crm', 'ann', events, { attempt: { failures: 1, progress } });
    expect(await discard('e3')).toMatchObject({ result: { left: 0 } });
    expect(world.parking.size).toBe(0);
  });

  it('takes out one event at a time, even when an SDK gave several the same id', async () => {
    await world.park(
      'crm',
      'ann',
      ['a', 'b', 'c'].map((text) => ({ messageId: 'same', text })),
    );
    await discard('same');
    await discard('same');
    expect(world.rejections.map(({ body }) => (JSON.parse(body) as { text: string }).text)).toEqual([
      'a',
      'b',
    ]);
    expect(waiting()).toEqual([['same']]);
  });

  it('does nothing while a drain has the key', async () => {
    await world.park('crm', 'ann', events);
    const lease = { owner: 'drain', now: START, until: START + 70_000, nextAttemptAt: LATER, triedEpoch: 0 };
    await world.parking.takeLease('crm', { key: 'ann', failures: 0 }, lease);
    expect(await discard('e1')).toEqual({
      ok: false,
      refused: expect.stringContaining('ask again in a minute'),
    });
    expect([waiting(), world.rejections]).toEqual([[['e1', 'e2', 'e3']], []]);
  });

  it('holds a lease that outlasts the function', async () => {
    await world.park('crm', 'ann', events);
    world.timeLeft = 25_000;
    world.faults = { saveRejection: true };
    await expect(discard('e1')).rejects.toThrow('saveRejection failed');
    expect(world.parking.head('crm', 'ann')?.leaseUntil).toBe(START + 35_000);
    expect(waiting()).toEqual([['e1', 'e2', 'e3']]);
  });

  it('loses nothing when it dies between its writes, and is finished by the same command', async () => {
    await world.park('crm', 'ann', events);
    world.faults = { saveMessage: true };
    await expect(discard('e2')).rejects.toThrow('saveMessage failed');
    expect([waiting(), discarded()]).toEqual([[['e1', 'e2', 'e3']], ['e2']]);
    world.faults = {};
    world.now += 40_000;
    expect(await discard('e2')).toMatchObject({ ok: true });
    expect([waiting(), discarded()]).toEqual([[['e1', 'e3']], ['e2']]);
  });

  it('starts no worker while the stage is blocked, and none that fails is its failure', async () => {
    await world.park('crm', 'ann', events);
    world.degraded('crm');
    await discard('e1');
    expect(world.drains).toEqual([]);
    world.mode('crm', {});
    world.faults = { startDrain: true };
    expect(await discard('e2')).toMatchObject({ ok: true });
    expect(world.logged.map(({ message }) => message)).toContain('could not start a drain');
  });

  it('of a former destination works as well', async () => {
    world.registry.set('old', { queueName: 'old.fifo', deadLetterQueueName: 'old-dead-letters.fifo' });
    await world.park('old', 'ann', events);
    expect(await discard('e1', { stage: 'old' })).toMatchObject({ ok: true, result: { discarded: 'e1' } });
  });

  it.each([
    ['e9', {}, 'messageId: no event with the id "e9" waits in the key'],
    ['e1', { key: 'bob' }, 'key: "bob" is not parked in crm'],
    ['e1', { stage: 'crn' }, 'stage: there is no stage "crn"'],
  ])('refuses %s of %j', async (messageId, request, refused) => {
    await world.park('crm', 'ann', events);
    await world.backOff('crm', 'ann', LATER);
    const before = world.parking.head('crm', 'ann');
    expect(await discard(messageId, request)).toEqual({
      ok: false,
      refused: expect.stringContaining(refused),
    });
    expect(world.parking.head('crm', 'ann')).toEqual(before);
    expect(world.rejections).toEqual([]);
  });
});
