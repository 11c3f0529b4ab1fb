/** A topic as a destination: what is published, in which order, and what each failure of SNS means. */
import { describe, expect, it } from '@jest/globals';
import { AccessFault } from '../../../lambdas/core/base/faults.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { Outgoing } from '../../../lambdas/deliver/destinations/sender.ts';
import { MAX_SNS_BYTES, snsSender } from '../../../lambdas/deliver/destinations/sns/sender.ts';
import { DELIVERED, event, named, outgoing, rejected, retry } from './outgoing.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:111111111111:orders';

interface Entry {
  readonly Id?: string | undefined;
  readonly Message?: string | undefined;
  readonly MessageAttributes?: Readonly<Record<string, object>> | undefined;
  readonly MessageGroupId?: string | undefined;
  readonly MessageDeduplicationId?: string | undefined;
}

const idsIn = (entries: readonly Entry[]): string[] =>
  entries.map(({ Message = '' }) => (JSON.parse(Message) as SluiceEvent).messageId);

type Answer = (entries: readonly Entry[]) => { Successful?: Entry[]; Failed?: object[] } | Error;
const allTaken: Answer = (entries) => ({ Successful: [...entries] });
const failing = (id: string, Code: string, SenderFault: boolean): Answer => {
  const isMeant = (entry: Entry): boolean => idsIn([entry])[0] === id;
  return (entries) => ({
    Successful: entries.filter((entry) => !isMeant(entry)),
    Failed: entries.filter(isMeant).map(({ Id }) => ({ Id, Code, SenderFault, Message: 'said' })),
  });
};

const topic = (fifo: boolean, answer: Answer = allTaken, timeLeft = () => 60_000) => {
  const calls: (readonly Entry[])[] = [];
  const sender = snsSender({
    topicArn: TOPIC,
    fifo,
    room: 10_000,
    publish: ({ TopicArn, PublishBatchRequestEntries: entries = [] }) => {
      expect(TopicArn).toBe(TOPIC);
      calls.push(entries);
      const said = answer(entries);
      return said instanceof Error ? Promise.reject(said) : Promise.resolve(said as never);
    },
  });
  const send = async (...events: readonly Outgoing[]) => {
    const said = await sender.send(events, timeLeft);
    return said?.kind === 'each' ? said.verdicts : said;
  };
  return { sender, send, calls };
};
const text = (StringValue: string) => ({ DataType: 'String', StringValue });

describe.each([true, false])('a topic (FIFO: %s)', (fifo) => {
  it('gets the event’s JSON, with its type and its name as attributes', async () => {
    const { send, calls } = topic(fifo);
    const ordered = event('a', { type: 'track', event: 'Order Completed' });
    expect(await send(outgoing(ordered))).toEqual([DELIVERED]);
    expect(calls[0]?.[0]).toMatchObject({
      Message: '{"messageId":"a","type":"track","event":"Order Completed"}',
      MessageAttributes: { type: text('track'), event: text('Order Completed') },
    });
  });

  it.each(['', 'x'.repeat(257), 'a\nb', '\uFFFF', '\uD800', 7, undefined])(
    'a name that cannot be an attribute is none: %j',
    async (name) => {
      const { send, calls } = topic(fifo);
      expect(await send(outgoing(event('a', { type: 'track', event: name })))).toEqual([DELIVERED]);
      expect(calls[0]?.[0]?.MessageAttributes).toEqual({ type: text('track') });
    },
  );

  it('rejects what is too large without a call; attributes count', async () => {
    const around = '{"messageId":"a","type":"track","text":""}'.length + 'type'.length + 'Stringtrack'.length;
    const { send, calls } = topic(fifo);
    const of = (bytes: number) => outgoing(event('a', { type: 'track', text: 'x'.repeat(bytes - around) }));
    expect(await send(of(MAX_SNS_BYTES + 1))).toEqual([
      rejected(`the event has ${MAX_SNS_BYTES + 1} bytes as JSON, and SNS takes ${MAX_SNS_BYTES}`),
    ]);
    expect(calls).toEqual([]);
    expect(await send(of(MAX_SNS_BYTES))).toEqual([DELIVERED]);
  });

  it.each(['InvalidParameterException', 'InvalidParameterValueException', 'BatchRequestTooLongException'])(
    'refuses the content: %s',
    async (name) => {
      expect(await topic(fifo, () => named(name)).send(outgoing(event('a')))).toEqual([rejected('said')]);
    },
  );

  it.each(['ThrottledException', 'KMSThrottlingException', 'InternalErrorException', 'TimeoutError'])(
    'is tried again after %s',
    async (name) => {
      expect(await topic(fifo, () => named(name)).send(outgoing(event('a')))).toEqual([
        retry(`PublishBatch of "${TOPIC}" failed: ${name}: said`),
      ]);
    },
  );

  it.each([
    ['AuthorizationErrorException'],
    ['NotFoundException'],
    ['KMSDisabledException'],
    ['InvalidParameterException', 'Invalid parameter: TopicArn'],
  ])('lets us do nothing: %s is a fault that names the topic', async (name, message = 'said') => {
    const fault = await topic(fifo, () => named(name, message))
      .send(outgoing(event('a')))
      .catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(AccessFault);
    expect(String(fault)).toContain(TOPIC);
  });

  it('throttles one entry: it is tried again, although SNS blames the sender', async () => {
    const { send } = topic(fifo, failing('a', 'Throttled', true));
    expect(await send(outgoing(event('a')))).toEqual([retry('Throttled: said')]);
  });

  it('does not mention an entry: it was not taken', async () => {
    expect(await topic(fifo, () => ({})).send(outgoing(event('a')))).toEqual([
      retry('SNS did not mention it'),
    ]);
  });

  it('begins nothing that may not end in time', async () => {
    const { send, calls } = topic(fifo, allTaken, () => 9_999);
    expect(await send(outgoing(event('a')))).toBeUndefined();
    expect(calls).toEqual([]);
  });
});

describe('a FIFO topic', () => {
  const keys = ['ada', 'bob', 'cy'];
  const sendAll = ({ send }: ReturnType<typeof topic>, more: Partial<SluiceEvent> = {}) =>
    Promise.all(keys.map((key) => send(outgoing(event(key, more), key))));

  it('gets one event of a key at a time, in its group, and those of several keys in a call', async () => {
    const fifo = topic(true);
    expect(fifo.sender.batch).toBe(1);
    expect(await sendAll(fifo)).toEqual(keys.map(() => [DELIVERED]));
    expect(fifo.calls.map((entries) => entries.map(({ MessageGroupId }) => MessageGroupId))).toEqual([keys]);
  });

  it('gets as many in a call as its bytes allow', async () => {
    const fifo = topic(true);
    await sendAll(fifo, { text: 'x'.repeat(120_000) });
    expect(fifo.calls.map(idsIn)).toEqual([['ada', 'bob'], ['cy']]);
  });

  it('knows the same event in the same place again, and nothing else', async () => {
    const { send, calls } = topic(true);
    const all = [outgoing(event('a')), outgoing(event('a')), outgoing(event('a'), 'ada', 'elsewhere')];
    for (const one of all) await send(one);
    const [first, again, elsewhere] = calls.flat().map((entry) => entry.MessageDeduplicationId);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(again).toBe(first);
    expect(elsewhere).not.toBe(first);
  });

  it('an entry that fails stops its own key', async () => {
    const fifo = topic(true, failing('bob', 'InternalError', false));
    expect(await sendAll(fifo)).toEqual([[DELIVERED], [retry('InternalError')], [DELIVERED]]);
  });

  it('refuses a call for the content of one key’s event: the others’ are delivered', async () => {
    const fifo = topic(true, (entries) =>
      idsIn(entries).includes('bob') ? named('InvalidParameterException') : allTaken(entries),
    );
    expect(await sendAll(fifo)).toEqual([[DELIVERED], [rejected('InvalidParameter')], [DELIVERED]]);
  });
});

describe('a standard topic', () => {
  it('gets ten events in a call, without group and deduplication; each is judged', async () => {
    const { sender, send, calls } = topic(false, failing('e1', 'InternalError', false));
    expect(sender.batch).toBe(10);
    const ids = Array.from({ length: 10 }, (_, i) => `e${i}`);
    const verdicts = await send(...ids.map((id) => outgoing(event(id))));
    expect(verdicts).toEqual(ids.map((id) => (id === 'e1' ? retry('InternalError') : DELIVERED)));
    expect(calls).toHaveLength(1);
    expect(Object.keys(calls[0]?.[0] ?? {}).sort()).toEqual(['Id', 'Message', 'MessageAttributes']);
  });
});
