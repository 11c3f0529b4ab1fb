import { beforeEach, describe, expect, it } from '@jest/globals';
import { parseEnvelope, toMessageBody } from '../../../lambdas/core/event/envelope.ts';
import { byteLength } from '../../../lambdas/core/base/text.ts';
import type { JsonObject, SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { MAX_MESSAGE_BYTES } from '../../../lambdas/core/base/limits.ts';
import { InfraFault, MessageRefused } from '../../../lambdas/core/base/faults.ts';
import type { IncomingMessage, OutgoingMessage } from '../../../lambdas/core/base/messages.ts';
import { PASS_THROUGH } from '../../../lambdas/core/event/transform.ts';
import { roomForMessage, router, type RouterDeps } from '../../../lambdas/router/route.ts';
import { FakeRejections, message } from '../../support/fakes.ts';
import { failingTransforms, plainTransforms, type PlainTransform } from '../../support/plain-transforms.ts';

let rejections: FakeRejections;
let sent: Record<string, OutgoingMessage[]>;
let counts: Record<string, number>;

beforeEach(() => {
  rejections = new FakeRejections();
  sent = {};
  counts = {};
});

const taker = (id: string, sources?: readonly string[]): RouterDeps['destinations'][number] => ({
  id,
  sources,
  send: async (outgoing) => {
    await Promise.resolve();
    (sent[id] ??= []).push(outgoing);
  },
});

const run = async (
  incoming: IncomingMessage,
  overrides: Partial<RouterDeps> & { transform?: PlainTransform } = {},
) => {
  const { transform, ...rest } = overrides;
  const process = router({
    stage: 'router',
    destinations: [taker('crm'), taker('lake')],
    transforms: transform === undefined ? PASS_THROUGH : plainTransforms(transform),
    timing: { routerTimeout: 60_000 },
    rejections,
    clock: () => 42,
    count: (metric, n) => (counts[metric] = (counts[metric] ?? 0) + n),
    ...rest,
  });
  return process(incoming, {
    attempt: undefined,
    isTrial: false,
    inOwnTrouble: false,
    timeLeft: () => 60_000,
  });
};

const packed = (events: readonly SluiceEvent[], sourceId = 'web'): IncomingMessage =>
  message('m1', 'group-1', {
    body: toMessageBody({ v: 1, kind: 'events', sourceId, receivedAt: '2026-11-22T00:00:00.000Z', events }),
  });

const eventsSent = (id: string): readonly JsonObject[] =>
  (sent[id] ?? []).flatMap(({ body }) => {
    const envelope = parseEnvelope(body);
    return envelope?.kind === 'events' ? envelope.events : [];
  });

describe('fan-out', () => {
  it('sends the events to every destination, under the same order key', async () => {
    const events = [
      { messageId: '1', userId: 'ada' },
      { messageId: '2', userId: 'ada' },
    ];
    expect(await run(packed(events))).toEqual({
      kind: 'done',
      shown: { delivered: 2, filtered: 0, rejected: 0 },
    });
    expect(eventsSent('crm')).toEqual(events);
    expect(eventsSent('lake')).toEqual(events);
    expect(sent['crm']?.[0]?.groupId).toBe('group-1');
    expect(counts).toEqual({ EventsRouted: 2 });
  });

  it('sends only to the destinations that take the source', async () => {
    await run(packed([{ messageId: '1' }], 'ios'), {
      destinations: [taker('crm', ['web']), taker('lake', ['ios', 'web'])],
    });
    expect(Object.keys(sent)).toEqual(['lake']);
  });

  it('is repeatable: the same message gives the same deduplication id, another content another', async () => {
    const events = [{ messageId: '1' }];
    await run(packed(events));
    await run(packed(events));
    await run(packed(events), { transform: (event) => ({ ...event, added: 1 }) });
    const ids = (sent['crm'] ?? []).map(({ deduplicationId }) => deduplicationId);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('fails the message when one destination’s queue does not take it, and begins no later part there', async () => {
    const big = (i: number): SluiceEvent => ({ messageId: String(i), filler: 'x'.repeat(200_000) });
    let calls = 0;
    const broken = {
      ...taker('crm'),
      send: () => ((calls += 1), Promise.reject(new InfraFault('SQS is down'))),
    };
    const outcome = await run(packed([big(1), big(2)]), { destinations: [broken, taker('lake')] });
    expect(outcome).toMatchObject({ kind: 'fault', reason: 'SQS is down' });
    expect(calls).toBe(1);
  });

  it('that fails for one destination ends when the others have ended: no call is pending after the answer', async () => {
    const slow = taker('lake');
    const later: RouterDeps['destinations'][number] = {
      ...slow,
      send: async (outgoing) => {
        for (let i = 0; i < 20; i += 1) await Promise.resolve();
        await slow.send(outgoing);
      },
    };
    const broken = { ...taker('crm'), send: () => Promise.reject(new InfraFault('SQS is down')) };
    const outcome = await run(packed([{ messageId: '1' }]), { destinations: [broken, later] });
    expect(outcome).toMatchObject({ kind: 'fault', reason: 'SQS is down' });
    expect(eventsSent('lake')).toHaveLength(1);
    expect(counts).toEqual({});
  });

  it('reports that SQS refuses a message, which parks it', async () => {
    const send = () => Promise.reject(new MessageRefused('InvalidMessageContents'));
    const outcome = await run(packed([{ messageId: '1' }]), { destinations: [{ ...taker('crm'), send }] });
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'InvalidMessageContents' });
  });
});

describe('transform', () => {
  const events = [{ messageId: '1' }, { messageId: '2' }, { messageId: '3' }];

  it('may change, split and filter events, and may be async', async () => {
    const transform: PlainTransform = async (event) => {
      await Promise.resolve();
      if (event['messageId'] === '1') return null;
      return event['messageId'] === '2'
        ? [
            { ...event, part: 1 },
            { ...event, part: 2 },
          ]
        : event;
    };
    await run(packed(events), { transform });
    expect(eventsSent('crm')).toEqual([
      { messageId: '2', part: 1 },
      { messageId: '2:1', part: 2 },
      { messageId: '3' },
    ]);
    expect(counts).toEqual({ EventsRouted: 3, EventsFiltered: 1 });
  });

  it('that crashes sends nothing: the whole message is retried', async () => {
    const transform: PlainTransform = (event) => {
      if (event['messageId'] === '2') throw new TypeError('boom');
      return event;
    };
    const crash = { kind: 'throw', error: 'TypeError: boom', eventId: '2' };
    expect(await run(packed(events), { transform })).toMatchObject({ kind: 'crash', crash });
    expect([sent, counts]).toEqual([{}, {}]);
  });

  it('a module that does not load is a crash, as the sandbox found it', async () => {
    const crash = { kind: 'load', error: 'Error: Cannot find module' } as const;
    const outcome = await run(packed(events), { transforms: failingTransforms({ crash }) });
    expect(outcome).toMatchObject({ kind: 'crash', crash });
    expect(sent).toEqual({});
  });

  it('whose secrets cannot be read is a fault, and not a crash', async () => {
    const transforms = failingTransforms(new InfraFault('GetSecretValue failed'));
    await expect(run(packed(events), { transforms })).rejects.toThrow(InfraFault);
    expect(sent).toEqual({});
  });

  it('gets the events with their source and acceptance time', async () => {
    const transforms = plainTransforms((event) => event);
    await run(packed(events), { transforms });
    const receivedAt = '2026-11-22T00:00:00.000Z';
    expect(transforms.jobs).toMatchObject([{ sourceId: 'web', receivedAt, events }]);
  });

  it('that filters out everything completes the message, with nothing sent', async () => {
    expect(await run(packed(events), { transform: () => null })).toMatchObject({ kind: 'done' });
    expect(sent).toEqual({});
  });

  it('whose outputs are too long for one message are split, in order', async () => {
    const transform: PlainTransform = (event) => ({ ...event, filler: 'é'.repeat(60_000) });
    await run(packed(events), { transform });
    expect(sent['crm']?.length).toBe(2);
    for (const { body } of sent['crm'] ?? []) expect(byteLength(body)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    expect(eventsSent('crm').map((event) => event['messageId'])).toEqual(['1', '2', '3']);
  });

  it('whose output is too large for any message has it rejected, and the others are sent', async () => {
    const transform: PlainTransform = (event) =>
      event['messageId'] === '2' ? { ...event, filler: 'x'.repeat(300_000) } : event;
    await run(packed(events), { transform });
    expect(eventsSent('crm').map((event) => event['messageId'])).toEqual(['1', '3']);
    const id = expect.stringMatching(/^m1:1:0:[0-9a-f]{16}$/) as unknown;
    expect(rejections.saved).toMatchObject([{ stage: 'router', id, sourceId: 'web', at: 42 }]);
    expect(rejections.saved[0]?.reason).toMatch(/has 3\d{5} bytes; at most 245760 fit/);
    expect(counts).toEqual({ EventsRouted: 2, EventsRejected: 1 });
  });
});

describe('messages without events', () => {
  it('store the event that ingest rejected', async () => {
    const rejected = {
      v: 1,
      kind: 'rejected',
      sourceId: 'web',
      receivedAt: '2026-11-22T00:00:00.000Z',
      reason: 'no ids',
      size: 2,
      sha256: 'ab',
      body: '{}',
    } as const;
    expect(await run(message('m1', 'rejected#web#3', { body: toMessageBody(rejected) }))).toEqual({
      kind: 'done',
      shown: { delivered: 0, filtered: 1, rejected: 0 },
    });
    expect(rejections.saved).toEqual([
      {
        stage: 'ingest',
        id: 'm1',
        at: 42,
        reason: 'no ids',
        sourceId: 'web',
        receivedAt: '2026-11-22T00:00:00.000Z',
        body: '{}',
        sha256: 'ab',
        size: 2,
      },
    ]);
    expect(sent).toEqual({});
  });

  it.each(['not json', '{}', '{"v":0,"kind":"events","sourceId":"web","events":[]}', '[]'])(
    'keeps a message that it cannot read: %s',
    async (body) => {
      expect(await run(message('m1', 'g', { body, sentAt: 1_000 }))).toMatchObject({ kind: 'done' });
      expect(rejections.saved).toMatchObject([
        { stage: 'router', body, receivedAt: '1970-01-01T00:00:01.000Z' },
      ]);
    },
  );

  it('leaves a message of a later version where it is', async () => {
    const body = '{"v":2,"kind":"events","sourceId":"web","events":[{"messageId":"a"}]}';
    expect(await run(message('m1', 'g', { body }))).toEqual({
      kind: 'retry',
      reason: expect.stringMatching(/^a later version of Sluice wrote the message \(format 2,/) as unknown,
      shown: { delivered: 0, filtered: 0, rejected: 0 },
    });
    expect([rejections.saved, sent, counts]).toEqual([[], {}, {}]);
  });
});

it('a message begins only if much of the time is left, and never needs all of it', () => {
  expect(roomForMessage({ routerTimeout: 30_000 })).toBe(15_000);
  expect(roomForMessage({ routerTimeout: 900_000 })).toBe(21_000);
  // Deduplication makes two calls more.
  expect(roomForMessage({ routerTimeout: 900_000 }, true)).toBe(35_000);
  expect(roomForMessage({ routerTimeout: 30_000 }, true)).toBe(15_000);
  expect(roomForMessage({ routerTimeout: 1_000 })).toBe(500);
  // An event may take its whole time before the parts are sent.
  expect(roomForMessage({ routerTimeout: 30_000 }, false, 5_000)).toBe(20_000);
});
