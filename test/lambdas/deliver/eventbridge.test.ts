/** A bus as a destination: what is put, and what each failure of EventBridge means. */
import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../lambdas/aws/direct-call.ts';
import { AccessFault } from '../../../lambdas/core/base/faults.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import {
  eventBridgeSender,
  MAX_DETAIL_BYTES,
} from '../../../lambdas/deliver/destinations/eventbridge/sender.ts';

const BUS = 'arn:aws:events:eu-west-1:111111111111:event-bus/company';

interface Entry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
}
const named = (name: string, message = 'said'): Error => Object.assign(new Error(message), { name });
const event = (messageId: string, more: Partial<SluiceEvent> = {}): SluiceEvent => ({ messageId, ...more });
const idOf = ({ Detail }: Entry): string => (JSON.parse(Detail) as SluiceEvent).messageId;

/** @param answer to each entry; an error: of the call */
const bus = (
  answer: (entry: Entry, entries: readonly Entry[]) => object | Error = () => ({ EventId: '1' }),
) => {
  const calls: (readonly Entry[])[] = [];
  const call: Call = (operation, input) => {
    expect(operation).toBe('PutEvents');
    const { Entries } = input as { Entries: readonly Entry[] };
    calls.push(Entries);
    const answers = Entries.map((entry) => answer(entry, Entries));
    const error = answers.find((one) => one instanceof Error);
    return error === undefined ? Promise.resolve({ Entries: answers }) : Promise.reject(error);
  };
  const sender = eventBridgeSender({ call, busArn: BUS, source: 'shop', room: 10_000 });
  const send = async (...contents: readonly SluiceEvent[]) => {
    const outgoing = contents.map((content) => ({ sourceId: 'web', key: 'ada', place: '1', content }));
    const said = await sender.send(outgoing, () => 60_000);
    return said?.kind === 'each' ? said.verdicts : said;
  };
  return { sender, send, calls };
};
const DELIVERED = { kind: 'delivered' };

it('gets an event as the detail of one; its type is the detail’s', async () => {
  const { sender, send, calls } = bus();
  expect(sender.batch).toBe(10);
  expect(await send(event('a', { type: 'track', event: 'Ordered' }), event('b'))).toEqual([
    DELIVERED,
    DELIVERED,
  ]);
  const own = { EventBusName: BUS, Source: 'shop' };
  expect(calls).toEqual([
    [
      { ...own, DetailType: 'track', Detail: '{"messageId":"a","type":"track","event":"Ordered"}' },
      { ...own, DetailType: 'event', Detail: '{"messageId":"b"}' },
    ],
  ]);
});

describe('entries that fail', () => {
  const failing = (ErrorCode: string) =>
    bus((entry) => (idOf(entry) === 'b' ? { ErrorCode, ErrorMessage: 'said' } : { EventId: '1' }));

  it.each(['ThrottlingException', 'InternalFailure'])('%s: that one is tried again', async (code) => {
    expect(await failing(code).send(event('a'), event('b'))).toEqual([
      DELIVERED,
      { kind: 'retry', reason: `PutEvents failed: ${code}: said` },
    ]);
  });

  it('MalformedDetail: that one is rejected', async () => {
    const verdicts = await failing('MalformedDetail').send(event('a'), event('b'), event('c'));
    expect(verdicts).toEqual([
      DELIVERED,
      { kind: 'rejected', reason: expect.stringContaining('MalformedDetail: said') },
      DELIVERED,
    ]);
  });

  it('AccessDeniedException: a fault', async () => {
    await expect(failing('AccessDeniedException').send(event('a'), event('b'))).rejects.toThrow(AccessFault);
  });

  it('one that is not mentioned was not taken', async () => {
    expect(await bus(() => ({})).send(event('a'))).toMatchObject([{ kind: 'retry' }]);
  });
});

it.each(['ThrottlingException', 'InternalException', 'TimeoutError'])(
  'a call that fails is tried again: %s',
  async (name) => {
    const reason = `PutEvents of "${BUS}" failed: ${name}: said`;
    expect(await bus(() => named(name)).send(event('a'))).toEqual([{ kind: 'retry', reason }]);
  },
);

it.each(['AccessDeniedException', 'ResourceNotFoundException'])(
  '%s is a fault that names the bus',
  async (name) => {
    const fault = await bus(() => named(name))
      .send(event('a'))
      .catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(AccessFault);
    expect(String(fault)).toContain('event-bus/company');
  },
);

it('gets as many in a call as its bytes allow; one that it refuses alone is rejected', async () => {
  const large = (id: string) => event(id, { text: 'x'.repeat(120_000) });
  const { send, calls } = bus((entry) =>
    idOf(entry) === 'alone' ? named('ValidationException', 'over the limit') : { EventId: '1' },
  );
  const huge = event('huge', { text: 'x'.repeat(MAX_DETAIL_BYTES) });
  const alone = event('alone', { text: 'x'.repeat(300_000) });
  expect(await send(large('a'), large('b'), large('c'), huge, alone)).toEqual([
    DELIVERED,
    DELIVERED,
    DELIVERED,
    { kind: 'rejected', reason: expect.stringContaining(`EventBridge takes ${MAX_DETAIL_BYTES}`) },
    { kind: 'rejected', reason: expect.stringContaining('over the limit') },
  ]);
  expect(calls.map((entries) => entries.map(idOf))).toEqual([['a', 'b'], ['c'], ['alone']]);
});
