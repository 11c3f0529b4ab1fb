/** The bytes of numbers, from a request's body to the body of a destination's request. Nothing here parses before it compares. */
import { describe, expect, test } from '@jest/globals';
import type { OutgoingMessage } from '../../lambdas/core/base/messages.ts';
import { parseEnvelope } from '../../lambdas/core/event/envelope.ts';
import { PASS_THROUGH, type Transforms } from '../../lambdas/core/event/transform.ts';
import { withoutEvent } from '../../lambdas/control/commands/discarded-message.ts';
import { resend } from '../../lambdas/control/commands/resend.ts';
import { message } from '../support/fakes.ts';
import { sandboxed } from '../support/sandbox.ts';
import { answer, World } from './deliver/world.ts';
import { proxyEvent, setUp } from './ingest/fakes.ts';
import { RouterWorld } from './router/world.ts';

const NUMBERS =
  '{"order_id":9223372036854775807,"huge":1e400,"zero":-0,"price":1.0,"rate":1E-7,"plain":19.99,"list":[2.0,{"id":175928847299117063},{"id":175928847299117064}]}';
const event = (id: string, more = ''): string =>
  `{"type":"track","event":"A","userId":"u1","messageId":"${id}",${more}"properties":${NUMBERS}}`;
const batch = (...events: string[]): string => `{"batch":[${events.join(',')}]}`;

const incoming = ({ body, groupId }: OutgoingMessage) => message('sqs-1', groupId, { body });

interface Chain {
  readonly inRouter?: Transforms;
  readonly inDestination?: Transforms;
  readonly world?: World;
}

/** Ingest, the router and a destination, one after another. */
const deliver = async (body: string, { inRouter, inDestination, world }: Chain = {}): Promise<string[]> => {
  const { post, queue } = setUp();
  expect((await post(body)).statusCode).toBe(200);
  const router = new RouterWorld({ transforms: inRouter ?? PASS_THROUGH, deduplicates: true });
  for (const stored of queue.stored)
    expect(await router.run(incoming(stored))).toMatchObject({ kind: 'done' });
  const destination = world ?? new World(inDestination && { deps: { transforms: inDestination } });
  for (const routed of router.queues.crm.messages) await destination.run(incoming(routed));
  return destination.requests.map((request) => request.body);
};

const IDENTITY = 'export default (event) => event;';
const CHANGES = `export default (event) => {
  const { order_id, price, huge } = event.properties;
  event.properties.seen = [order_id === 9223372036854775807, price === 1, huge === Infinity].join();
  event.properties.zero = 7;
  return event;
};`;

describe('numbers reach a destination with the digits that were sent', () => {
  test('without a transform', async () => {
    const [body] = await deliver(batch(event('m1')));
    expect(body).toContain(`"properties":${NUMBERS}`);
  });

  test('through a transform in the router and one in the destination', async () => {
    const transforms = { inRouter: sandboxed(IDENTITY).sandbox, inDestination: sandboxed(IDENTITY).sandbox };
    const [body] = await deliver(batch(event('m1')), transforms);
    expect(body).toContain(`"properties":${NUMBERS}`);
  });

  test('a transform sees what JSON.parse gives, and what it changes is changed', async () => {
    const [body] = await deliver(batch(event('m1')), { inRouter: sandboxed(CHANGES).sandbox });
    const changed = NUMBERS.replace('"zero":-0', '"zero":7').replace(/\}$/, ',"seen":"true,true,true"}');
    expect(body).toContain(`"properties":${changed}`);
  });

  test('an ordinary event is the text that JSON.stringify makes', async () => {
    const [body = ''] = await deliver(batch('{"userId":"u1","messageId":"m1","n":[0,1.5,1e+21],"t":"1.0"}'));
    expect(body).toContain('"messageId":"m1","n":[0,1.5,1e+21],"t":"1.0"');
  });

  test('as one event, and as the payload of another service', async () => {
    const { ingest, post, queue } = setUp();
    await post(event('m1'), { path: '/v1/track' });
    const hook = { path: '/v1/webhook', query: 'writeKey=local-write-key', headers: {}, body: NUMBERS };
    await ingest(proxyEvent(hook));
    for (const { body } of queue.stored) expect(body).toContain(`"properties":${NUMBERS}`);
    expect(queue.stored).toHaveLength(2);
  });
});

describe('numbers that are ids', () => {
  const track = (userId: string, id: string) => `{"type":"track","userId":${userId},"messageId":"${id}"}`;

  test.each(['userId', 'anonymousId'])(
    '%s: two that a double cannot tell apart are two users',
    async (name) => {
      const { post, queue } = setUp();
      const one = (id: string) => `{"${name}":${id},"messageId":"same"}`;
      await post(batch(one('9007199254740993'), one('9007199254740992')));
      expect(new Set(queue.stored.map(({ groupId }) => groupId)).size).toBe(2);
      const [first, second] = queue.stored;
      expect(first?.body).toContain(`"${name}":9007199254740993`);
      expect(second?.body).toContain(`"${name}":9007199254740992`);
      const ids = queue.stored.map(({ body }) => /"rudderId":"(.*?)"/.exec(body)?.[1]);
      expect(new Set(ids).size).toBe(2);
    },
  );

  test('the id is the text that was sent: the same user as with that text', async () => {
    const { post, queue } = setUp();
    await post(batch(track('9007199254740993', 'a'), track('"9007199254740993"', 'b')));
    expect(queue.stored).toHaveLength(1);
  });

  test('events that differ in such a digit alone are no retry of one another', async () => {
    const { post, queue } = setUp();
    const order = (id: string) => batch(`{"userId":"u","messageId":"m","order":${id}}`);
    for (const id of ['9007199254740993', '9007199254740992', '9007199254740993']) await post(order(id));
    expect(queue.stored).toHaveLength(2);
  });
});

describe('numbers in records', () => {
  test('an event that ingest rejects', async () => {
    const { post, queue } = setUp();
    await post(batch(event('m1'), `{"messageId":"bad","properties":${NUMBERS}}`));
    const [, rejected] = queue.stored;
    expect(rejected?.body).toContain(JSON.stringify(NUMBERS).slice(1, -1));
  });

  test('an event that a destination refuses, and that is sent again', async () => {
    const world = new World({ reply: () => answer(422, 'no') });
    await deliver(batch(event('m1')), { world });
    const [record] = world.rejected;
    if (record === undefined) throw new Error('nothing was rejected');
    expect(record.body).toContain(`"properties":${NUMBERS}`);
    const again = resend(record, 'destination', { newId: () => 'new', orderByOf: new Map() });
    if (!again.ok) throw new Error('the record is refused');
    expect(again.value.lanes[0]?.[0]?.body).toContain(`"properties":${NUMBERS}`);
  });

  test('a parked message that an operator took an event out of', async () => {
    const { post, queue } = setUp();
    await post(batch(event('m1'), event('m2')));
    const [stored] = queue.stored;
    const envelope = parseEnvelope(stored?.body ?? '');
    if (stored === undefined || envelope?.kind !== 'events') throw new Error('nothing was stored');
    const parked = { ...incoming(stored), sort: 's', parkedAt: 0 };
    const left = withoutEvent(parked, envelope, 0);
    expect(left?.body).not.toContain('"m1"');
    expect(left?.body).toContain(`"properties":${NUMBERS}`);
  });
});
