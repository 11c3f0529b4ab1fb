/** A function as a destination: what it is invoked with, and what its answers mean. */
import { describe, expect, it } from '@jest/globals';
import { AccessFault, InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { lambdaSender, MAX_PAYLOAD_BYTES } from '../../../lambdas/deliver/destinations/lambda/sender.ts';

interface Payload {
  readonly events: readonly SluiceEvent[];
}
const event = (messageId: string, more: Partial<SluiceEvent> = {}): SluiceEvent => ({ messageId, ...more });
const events = [event('a'), event('b'), event('c')];

/** @param answer a value, or what the function throws */
const fn = (answer: (payload: Payload) => unknown = () => undefined, timeLeft = () => 60_000) => {
  const payloads: Payload[] = [];
  const sender = lambdaSender({
    destination: 'enrich',
    batch: 20,
    room: 10_000,
    invoke: (text) => {
      const payload = JSON.parse(text) as Payload;
      payloads.push(payload);
      const said = answer(payload);
      if (said instanceof InfraFault) return Promise.reject(said);
      if (said instanceof Error) {
        const failure = { errorType: said.name, errorMessage: said.message };
        return Promise.resolve({ failed: true, payload: JSON.stringify(failure) });
      }
      return Promise.resolve({ failed: false, payload: said === undefined ? '' : JSON.stringify(said) });
    },
  });
  const send = async (...contents: readonly SluiceEvent[]) => {
    const outgoing = contents.map((content) => ({ sourceId: 'web', key: 'ada', place: '1', content }));
    const said = await sender.send(outgoing, timeLeft);
    return said?.kind === 'each' ? said.verdicts : said;
  };
  return { sender, send, payloads };
};
const DELIVERED = { kind: 'delivered' };

it('gets the events of a user, with where they are from; numbers keep their digits', async () => {
  const texts: string[] = [];
  const sender = lambdaSender({
    destination: 'enrich',
    batch: 20,
    room: 1,
    invoke: (text) => {
      texts.push(text);
      return Promise.resolve({ failed: false, payload: 'null' });
    },
  });
  await sender.send([{ sourceId: 'web', key: 'ada', place: '1', content: event('a', { n: 1.5 }) }], () => 10);
  expect(texts).toEqual([
    '{"v":1,"destination":"enrich","sourceId":"web","key":"ada","events":[{"messageId":"a","n":1.5}]}',
  ]);
});

it.each([[undefined], [null], [{ results: events.map(() => ({ outcome: 'delivered' })) }]])(
  'answers %j: all are delivered',
  async (answer) => {
    expect(await fn(() => answer).send(...events)).toEqual([DELIVERED, DELIVERED, DELIVERED]);
  },
);

it('answers each of the three outcomes', async () => {
  const results = [
    { outcome: 'delivered' },
    { outcome: 'rejected', reason: 'no such plan' },
    { outcome: 'retry', reason: 'the shop is closed', after: 30 },
  ];
  expect(await fn(() => ({ results })).send(...events)).toEqual([
    DELIVERED,
    { kind: 'rejected', reason: 'no such plan' },
    { kind: 'retry', reason: 'the shop is closed', retryAfter: 30_000 },
  ]);
});

it('need not give reasons', async () => {
  const results = [{ outcome: 'rejected' }, { outcome: 'retry', after: -1 }];
  expect(await fn(() => ({ results })).send(event('a'), event('b'))).toEqual([
    { kind: 'rejected', reason: 'the function rejected it, and gave no reason' },
    { kind: 'retry', reason: 'the function asked to be given it again, and gave no reason' },
  ]);
});

describe('anything else is tried again, and says what is expected', () => {
  it.each([
    ['text', 'the function answered with something else; expected nothing, or { "results": [...] }'],
    [{ ok: true }, 'the function answered with something else'],
    [{ results: [{ outcome: 'delivered' }] }, 'the function answered with 1 results for 3 events'],
    [{ results: [{}, {}, {}] }, 'the function answered with a result 0 that is none'],
    [{ results: ['delivered', null, 1] }, 'the function answered with a result 0 that is none'],
  ])('%j', async (answer, reason) => {
    const [first] = (await fn(() => answer).send(...events)) as { kind: string; reason: string }[];
    expect(first?.kind).toBe('retry');
    expect(first?.reason).toContain(reason);
  });
});

it('fails: the events are tried again, with the words of its error', async () => {
  expect(await fn(() => new TypeError('x is undefined')).send(...events)).toEqual([
    { kind: 'retry', reason: 'the function failed: TypeError: x is undefined' },
  ]);
});

it('is throttled: tried again; denied or missing: a fault', async () => {
  const throttled = new InfraFault('Invoke failed: TooManyRequestsException: Rate Exceeded.');
  expect(await fn(() => throttled).send(...events)).toEqual([{ kind: 'retry', reason: throttled.message }]);
  await expect(
    fn(() => new AccessFault('Invoke failed: AccessDeniedException')).send(...events),
  ).rejects.toThrow(AccessFault);
});

it('gets as many events at a time as a payload holds, without the one that is too large', async () => {
  const large = (id: string) => event(id, { text: 'x'.repeat(MAX_PAYLOAD_BYTES / 3) });
  const { send, payloads } = fn();
  const huge = event('huge', { text: 'x'.repeat(MAX_PAYLOAD_BYTES) });
  expect(await send(large('a'), large('b'), large('c'), huge, large('d'))).toEqual([
    DELIVERED,
    DELIVERED,
    DELIVERED,
    { kind: 'rejected', reason: expect.stringContaining(`Lambda takes ${MAX_PAYLOAD_BYTES}`) },
    DELIVERED,
  ]);
  expect(payloads.map((payload) => payload.events.map(({ messageId }) => messageId))).toEqual([
    ['a', 'b'],
    ['c'],
    ['d'],
  ]);
});

it('is not invoked again after an event that has to be tried again, nor without time', async () => {
  const large = (id: string) => event(id, { text: 'x'.repeat(MAX_PAYLOAD_BYTES / 2) });
  const closed = fn(() => ({ results: [{ outcome: 'retry', reason: 'closed' }] }));
  expect(await closed.send(large('a'), large('b'))).toEqual([{ kind: 'retry', reason: 'closed' }]);
  expect(closed.payloads).toHaveLength(1);
  const late = fn(undefined, () => 9_999);
  expect(await late.send(event('a'))).toBeUndefined();
  expect(late.payloads).toEqual([]);
});
