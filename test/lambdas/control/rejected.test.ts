import { beforeEach, describe, expect, it } from '@jest/globals';
import type { RejectedPage } from '../../../contract/operator-views.ts';
import { control } from '../../../lambdas/control/control.ts';
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import { orderKey } from '../../../lambdas/core/event/order-key.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import { kept } from '../../../lambdas/core/event/rejection.ts';
import { START, World } from './world.ts';

const RECEIVED = new Date(START - 60_000).toISOString();
const annKey = orderKey('web', { userId: '', anonymousId: 'ann' }, 'anonymousId');
const ann = { messageId: 'e1', anonymousId: 'ann', type: 'track' };

let world: World;

const record = (stage: string, id: string, content: unknown, rest: Partial<Rejection> = {}): Rejection => ({
  id,
  stage,
  receivedAt: RECEIVED,
  at: START,
  reason: 'answered 400',
  sourceId: 'web',
  ...kept(JSON.stringify(content)),
  ...rest,
});
const add = (...records: readonly Rejection[]) => world.rejections.push(...records);
const ask = (request: object) => control(request, world.deps);
const list = async (request: object = {}): Promise<RejectedPage> => {
  const answer = await ask({ command: 'rejected', ...request });
  if (answer?.ok !== true) throw new Error(JSON.stringify(answer));
  return answer.result as RejectedPage;
};
const retry = (stage: string, id: string) => ask({ command: 'retry-rejected', stage, id });

beforeEach(() => {
  world = new World();
});

describe('rejected', () => {
  it('lists records of all stages, without their content', async () => {
    const answer = { status: 400, body: 'no' };
    add(record('crm', 'r2', ann, { answer }), record('ingest', 'r1', [1, 2], { count: 2 }));
    add(record('router', 'r3', ann, { discarded: true, reason: 'spam' }));
    const { events, cursor } = await list();
    expect(cursor).toBeUndefined();
    expect(events.map(({ stage, id, count, discarded }) => [stage, id, count, discarded])).toEqual([
      ['ingest', 'r1', 2, false],
      ['router', 'r3', 1, true],
      ['crm', 'r2', 1, false],
    ]);
    const { sha256, size } = kept(JSON.stringify(ann));
    expect(events[2]).toEqual({
      stage: 'crm',
      id: 'r2',
      receivedAt: RECEIVED,
      at: START,
      reason: 'answered 400',
      sourceId: 'web',
      size,
      sha256,
      count: 1,
      discarded: false,
      answer,
    });
  });

  it('has the content when it is asked for, and one stage when that is', async () => {
    add(record('crm', 'r1', ann), record('lake', 'r2', ann));
    const { events } = await list({ stage: 'crm', content: true });
    expect(events.map(({ id, body }) => [id, body])).toEqual([['r1', JSON.stringify(ann)]]);
  });

  it('continues from the cursor until every record was listed once', async () => {
    for (let i = 0; i < 30; i++) add(record(i % 3 === 0 ? 'lake' : 'crm', `r${i}`, ann));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list({ limit: 7, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.events.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen.sort()).toEqual(Array.from({ length: 30 }, (_, i) => `r${i}`).sort());
  });

  it('stays below the size of an answer, and continues on the next page', async () => {
    for (let i = 0; i < 60; i++) add(record('crm', `r${i}`, { text: '"'.repeat(90_000) }));
    const first = await list({ content: true, limit: 200 });
    expect(JSON.stringify(first).length).toBeLessThan(6_000_000);
    expect(first.events.length).toBeGreaterThan(5);
    const next = await list({ content: true, limit: 200, cursor: first.cursor });
    expect(next.events[0]?.id).toBe(`r${first.events.length}`);
  });

  it('refuses a stage that is not, and a cursor of another list', async () => {
    expect(await ask({ command: 'rejected', stage: 'crn' })).toMatchObject({
      refused: 'stage: there is no stage "crn"; the stages are ingest, router, crm, lake',
    });
    expect(await ask({ command: 'rejected', cursor: 'WyJjcm0jMCJd' })).toMatchObject({ ok: false });
  });
});

describe('retry-rejected', () => {
  it('sends a destination’s event to its queue, under its user’s key, and removes the record', async () => {
    add(record('crm', 'r1', ann), record('crm', 'r2', ann));
    expect(await retry('crm', 'r1')).toEqual({ ok: true, result: { sent: 1 } });
    expect(world.sent).toHaveLength(1);
    const [{ queue, messages } = { queue: '', messages: [] }] = world.sent;
    expect(queue).toBe('crm.fifo');
    expect(messages.map(({ groupId, body }) => [groupId, parseEnvelope(body)])).toEqual([
      [annKey, { v: 1, kind: 'events', sourceId: 'web', receivedAt: RECEIVED, events: [ann] }],
    ]);
    expect(world.rejections.map(({ id }) => id)).toEqual(['r2']);
  });

  it('says of what a transform has made already that it has, and of what was masked', async () => {
    add(record('crm', 'r1', ann, { transformed: true }));
    await retry('crm', 'r1');
    const envelope = parseEnvelope(world.sent[0]?.messages[0]?.body ?? '');
    expect(envelope).toMatchObject({ transformed: true });
    expect(envelope).not.toHaveProperty('masked');
    add(record('crm', 'r2', ann, { transformed: true, masked: true }));
    await retry('crm', 'r2');
    expect(parseEnvelope(world.sent[1]?.messages[0]?.body ?? '')).toMatchObject({ masked: true });
  });

  it('keeps to the key that the record names: a transform may have changed the ids', async () => {
    add(record('crm', 'r1', ann, { discarded: true, key: 'the-first-key' }));
    await retry('crm', 'r1');
    expect(world.sent[0]?.messages[0]?.groupId).toBe('the-first-key');
  });

  it('sends an event that no longer names a user under a key of its own', async () => {
    add(record('crm', 'r1', { messageId: 'e1' }));
    expect(await retry('crm', 'r1')).toMatchObject({ ok: true });
    expect(world.sent[0]?.messages[0]?.groupId).toMatch(/^[\w-]{43}$/);
  });

  it.each(['ingest', 'router'])('sends what %s rejected to the router’s queue, stamped', async (stage) => {
    add(record(stage, 'r1', { userId: 7, event: 'Bought' }));
    expect(await retry(stage, 'r1')).toMatchObject({ ok: true });
    const [{ queue, messages } = { queue: '', messages: [] }] = world.sent;
    expect(queue).toBe('router.fifo');
    const [{ groupId, body } = { groupId: '', body: '' }] = messages;
    expect(groupId).toBe(orderKey('web', { userId: '7', anonymousId: '' }, 'anonymousId'));
    expect(parseEnvelope(body)).toMatchObject({
      receivedAt: RECEIVED,
      // The router may have seen it before: it must not take it for a repetition.
      replay: true,
      events: [{ userId: 7, event: 'Bought', messageId: 'id-1', receivedAt: RECEIVED }],
    });
  });

  it('sends all events of a shared record, one key’s in order', async () => {
    const event = (messageId: string, anonymousId: string) => ({ messageId, anonymousId });
    const events = [event('a1', 'ann'), event('b1', 'bob'), event('a2', 'ann')];
    add(record('ingest', 'r1', events, { count: 3 }));
    expect(await retry('ingest', 'r1')).toEqual({ ok: true, result: { sent: 3 } });
    const ids = world.sent.flatMap(({ messages }) =>
      messages.map(({ body }) => {
        const envelope = parseEnvelope(body);
        return envelope?.kind === 'events' ? envelope.events.map(({ messageId }) => messageId) : [];
      }),
    );
    expect(ids).toEqual([['a1', 'a2'], ['b1']]);
  });

  it('never sends two messages of one key in one call', async () => {
    const events = Array.from({ length: 2_000 }, (_, i) => ({ messageId: `e${i}`, anonymousId: 'ann' }));
    add(record('ingest', 'r1', events, { count: events.length }));
    await retry('ingest', 'r1');
    expect(world.sent.length).toBeGreaterThan(1);
    expect(world.sent.every(({ messages }) => messages.length === 1)).toBe(true);
    const sent = world.sent.flatMap(({ messages }) => messages.map(({ body }) => parseEnvelope(body)));
    const ids = sent.flatMap((envelope) => (envelope?.kind === 'events' ? envelope.events : []));
    expect(ids.map(({ messageId }) => messageId)).toEqual(events.map(({ messageId }) => messageId));
    expect(
      new Set(world.sent.flatMap(({ messages }) => messages.map((one) => one.deduplicationId))).size,
    ).toBe(world.sent.length);
  });

  it('keeps the record until SQS has the event; the same command sends what SQS takes for the same', async () => {
    add(record('crm', 'r1', ann), record('crm', 'r2', ann));
    world.sendResult = { ok: false, senderFault: false, reason: 'throttled' };
    await expect(retry('crm', 'r1')).rejects.toThrow('throttled');
    expect(world.rejections).toHaveLength(2);
    world.sendResult = { ok: true };
    await retry('crm', 'r1');
    await retry('crm', 'r2');
    const [first, again, other] = world.sent.map(({ messages }) => messages[0]?.deduplicationId);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it.each<[string, Rejection, string]>([
    ['cut', record('crm', 'r1', ann, { size: 300_000 }), 'only the first'],
    ['no JSON', record('crm', 'r1', ann, { body: '{', size: 1 }), 'holds no event'],
    ['no object', record('crm', 'r1', 'text'), 'holds no event'],
    ['without an id', record('crm', 'r1', { anonymousId: 'ann' }), 'holds no event'],
    [
      'still without a user',
      record('ingest', 'r1', { event: 'x' }),
      'request neither has anonymousId nor userId',
    ],
    ['still no event', record('router', 'r1', [1]), 'event is not a valid rudder event'],
    ['bad in part', record('ingest', 'r1', [ann, {}], { count: 2 }), 'request neither has'],
  ])('refuses a record that is %s, and keeps it', async (_, rejection, refused) => {
    add(rejection);
    expect(await retry(rejection.stage, 'r1')).toEqual({
      ok: false,
      refused: expect.stringContaining(refused),
    });
    expect([world.sent, world.rejections]).toEqual([[], [rejection]]);
  });

  it('says what SQS has against an event that it will never take, and keeps the record', async () => {
    const rejection = record('crm', 'r1', ann);
    add(rejection);
    world.sendResult = { ok: false, senderFault: true, reason: 'InvalidMessageContents: no' };
    expect(await retry('crm', 'r1')).toEqual({
      ok: false,
      refused: 'SQS refused the event: InvalidMessageContents: no',
    });
    expect(world.rejections).toEqual([rejection]);
  });

  it('refuses a record that is not, and a destination that is no more', async () => {
    world.registry.set('old', { queueName: 'old.fifo', deadLetterQueueName: 'old-dead-letters.fifo' });
    expect(await retry('crm', 'r9')).toMatchObject({
      refused: expect.stringContaining('has no record "r9"'),
    });
    expect(await retry('old', 'r1')).toMatchObject({ refused: expect.stringContaining('no stage "old"') });
  });
});
