import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { AccessFault, InfraFault } from '../../../lambdas/core/base/faults.ts';
import { NOTHING_TO_REDACT } from '../../../lambdas/core/base/redaction.ts';
import {
  a,
  answer,
  at,
  attempt,
  b,
  c,
  d,
  message,
  MINUTE,
  NOW,
  readBody,
  script,
  World,
  type Setting,
} from './world.ts';

describe('answers', () => {
  it('Retry-After is passed on', async () => {
    const world = new World({ reply: () => answer(429, '', { 'retry-after': '30' }) });
    expect(await world.run([a])).toMatchObject({ kind: 'retry', reason: 'answered 429', retryAfter: 30_000 });
  });

  it('a missing answer is retried', async () => {
    const world = new World({ reply: () => ({ kind: 'transport', reason: 'ECONNREFUSED' }) });
    expect(await world.run([a])).toMatchObject({ kind: 'retry', reason: 'ECONNREFUSED' });
  });

  it('a refused event is recorded, and the next ones are delivered', async () => {
    const world = new World({ reply: script(200, 422) });
    expect(await world.run([a, b, c])).toMatchObject({ kind: 'done' });
    expect(world.settled).toEqual(['+a', '-b', '+c']);
    const body = JSON.stringify(b);
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect(world.rejected).toEqual([
      {
        id: `sqs-1:1:0:${sha256.slice(0, 16)}`,
        key: 'g',
        transformed: true,
        stage: 'crm',
        receivedAt: '2026-11-22T11:59:00.000Z',
        at: NOW,
        reason: 'answered 422: said',
        sourceId: 'web',
        body,
        sha256,
        size: body.length,
        answer: { status: 422, body: 'said' },
      },
    ]);
    expect(world.counted).toEqual({ EventsDelivered: 2, EventsRejected: 1 });
  });

  it('the record of a large event has its beginning and its full size', async () => {
    const world = new World({ reply: script(400), transform: () => ({ text: 'é'.repeat(200_000) }) });
    await world.run([a]);
    const [rejection] = world.rejected as [(typeof world.rejected)[number]];
    expect(Buffer.byteLength(rejection.body)).toBeLessThanOrEqual(200 * 1024);
    expect(rejection.body.endsWith('é')).toBe(true);
    expect(rejection.size).toBe(400_000 + '{"text":"","messageId":"a"}'.length);
  });

  it.each([400, 413])('a batch that is answered %i goes out again event by event', async (status) => {
    const world = new World({ destination: { batch: 3 }, reply: script(status, 200, status, 200) });
    expect(await world.run([a, b, c, d])).toMatchObject({ kind: 'done' });
    expect(world.sent).toEqual([['a', 'b', 'c'], ['a'], ['b'], ['c'], ['d']]);
    expect(world.requests.every((request) => Array.isArray(readBody(request)))).toBe(true);
    expect(world.settled).toEqual(['+a', '-b', '+c', '+d']);
  });

  it.each([
    [401, 1],
    [403, 1],
    [404, 0],
    [500, 0],
    [200, 0],
  ])('%i has the secrets read again %i times', async (status, times) => {
    const world = new World({ reply: script(status) });
    await world.run([a]);
    expect(world.expired).toBe(times);
  });

  it('an unusable secret is read again and the message retried, without a request', async () => {
    const world = new World({ destination: { signingSecret: { secretName: 'key' } } });
    expect(await world.run([a])).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('"key"') as unknown,
    });
    expect([world.requests.length, world.expired]).toEqual([0, 1]);
  });
});

describe('a closed door', () => {
  const closed: Setting = { reply: () => answer(404, 'gone') };
  const own = (setting = closed): World => Object.assign(new World(setting), { inOwnTrouble: true });

  it.each([301, 401, 402, 403, 404, 407, 410, 421, 423, 426])(
    '%i is tried again, however long it has failed, and though other users’ events get through',
    async (status) => {
      const world = new World({ reply: () => answer(status) });
      const outcome = await world.run([a], attempt(undefined, NOW - 24 * 60 * MINUTE));
      expect(outcome).toMatchObject({ kind: 'retry', reason: `answered ${status}` });
      expect(world.rejected).toEqual([]);
    },
  );

  it('rejects an event whose key is in own trouble', async () => {
    const world = own();
    const reason = "answered 404: gone, again and again while other users' events were delivered";
    expect(await world.run([a], attempt())).toEqual({
      kind: 'done',
      shown: { delivered: 0, filtered: 0, rejected: 1, rejection: reason },
    });
    expect(world.rejected).toMatchObject([{ reason, answer: { status: 404, body: 'gone' } }]);
  });

  it('a refused address ends the same way, without an answer', async () => {
    const world = own({ reply: () => ({ kind: 'misconfigured', reason: 'address 10.0.0.5 is private' }) });
    await world.run([a], attempt());
    expect(world.rejected).toHaveLength(1);
    expect(world.rejected[0]).not.toHaveProperty('answer');
  });

  it('does not reject an event for any other failure', async () => {
    const world = own({ reply: () => answer(503) });
    expect(await world.run([a], attempt())).toMatchObject({ kind: 'retry', reason: 'answered 503' });
    expect(world.rejected).toEqual([]);
  });

  it('rejects nothing more once an event of the key got through', async () => {
    const world = own({ reply: script(404, 200, 404) });
    expect(await world.run([a, b, c], attempt())).toMatchObject({ kind: 'retry', progress: at(2) });
    expect(world.settled).toEqual(['-a', '+b']);
  });

  it('of a batch is examined event by event', async () => {
    const world = own({ destination: { batch: 2 }, reply: script(404, 404, 200, 404) });
    const outcome = await world.run([a, b, c], attempt());
    expect(world.settled).toEqual(['-a', '+b']);
    expect(outcome).toMatchObject({ kind: 'retry', progress: at(2) });
  });
});

describe('AWS that fails', () => {
  it('a rejection that cannot be stored delays the event; those before it stay finished', async () => {
    const world = new World({ reply: script(200, 400, 400) });
    world.storeFailures = 1;
    expect(await world.run([a, b])).toMatchObject({
      kind: 'fault',
      reason: 'PutItem failed',
      progress: at(1),
    });
    expect(await world.run([a, b], attempt(at(1)))).toMatchObject({ kind: 'done' });
    expect(world.settled).toEqual(['+a', '-b']);
  });

  it('a secret that cannot be read is a fault before anything is sent', async () => {
    const fault = new InfraFault('GetSecretValue failed');
    const secrets = { read: () => Promise.reject(fault), expire: () => undefined, redact: NOTHING_TO_REDACT };
    const world = new World({ webhook: { secrets } });
    expect(await world.run([a])).toMatchObject({ kind: 'fault', reason: 'GetSecretValue failed' });
    expect(world.requests).toEqual([]);
  });

  it('a missing permission, resource or secret is reported as such', async () => {
    const fault = new AccessFault(
      'GetSecretValue of "key" failed: ResourceNotFoundException: no such secret',
    );
    const secrets = { read: () => Promise.reject(fault), expire: () => undefined, redact: NOTHING_TO_REDACT };
    const outcome = await new World({ webhook: { secrets } }).run([a]);
    expect(outcome).toMatchObject({ kind: 'fault', access: true, reason: fault.message });
  });

  it('a bug of ours is a crash, not a fault', async () => {
    const world = new World({ webhook: { send: () => Promise.reject(new TypeError('bug')) } });
    expect(await world.run([a])).toMatchObject({ kind: 'crash', crash: { error: 'TypeError: bug' } });
  });
});

describe('a message that cannot be read', () => {
  it.each([
    ['no JSON', 'not json'],
    ['no version that there is', '{"v":0,"kind":"events","sourceId":"web","events":[]}'],
    ['not for a destination', message([], { kind: 'rejected' }).body],
  ])('%s: is recorded whole, and done', async (_, body) => {
    const saved: unknown[] = [];
    const save = (rejection: unknown) => Promise.resolve(void saved.push(rejection));
    const world = new World({ deps: { rejections: { save } } });
    expect(await world.run({ ...message([]), body })).toMatchObject({
      kind: 'done',
      shown: { delivered: 0, filtered: 0, rejected: 1, rejection: expect.any(String) as unknown },
    });
    expect(saved).toMatchObject([
      {
        id: 'sqs-1',
        stage: 'crm',
        receivedAt: '2026-11-22T11:59:00.000Z',
        reason: 'the message is not an envelope of events that this version can read',
        body,
      },
    ]);
    expect(world.counted).toEqual({ EventsRejected: 1 });
  });

  it('of a later version: is neither recorded nor done', async () => {
    const world = new World();
    const body = '{"v":2,"kind":"events","sourceId":"web","events":[{"messageId":"a"}]}';
    expect(await world.run({ ...message([]), body })).toEqual({
      kind: 'retry',
      reason: expect.stringMatching(/^a later version of Sluice wrote the message \(format 2,/) as unknown,
      shown: { delivered: 0, filtered: 0, rejected: 0 },
    });
    expect([world.rejected, world.counted]).toEqual([[], {}]);
  });

  it('is kept when it cannot be recorded', async () => {
    const world = new World();
    world.storeFailures = 1;
    await expect(world.run({ ...message([]), body: '?' })).rejects.toThrow(InfraFault);
    expect(world.counted).toEqual({});
  });
});
