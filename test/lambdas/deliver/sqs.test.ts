/** A queue as a destination: what is sent, in which order, and what each failure of SQS means. */
import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../lambdas/aws/direct-call.ts';
import { AccessFault } from '../../../lambdas/core/base/faults.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { Outgoing } from '../../../lambdas/deliver/destinations/sender.ts';
import { MAX_SQS_BYTES, sqsSender } from '../../../lambdas/deliver/destinations/sqs/sender.ts';
import { DELIVERED, event, named, outgoing, rejected, retry } from './outgoing.ts';

const QUEUE = 'https://sqs.eu-west-1.amazonaws.com/1/orders';

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

const idsIn = (entries: readonly Entry[]): string[] =>
  entries.map(({ MessageBody }) => (JSON.parse(MessageBody) as SluiceEvent).messageId);

type Answer = (entries: readonly Entry[], n: number) => object | Error;
const allTaken: Answer = (entries) => ({ Successful: entries.map(({ Id }) => ({ Id })) });
const failing = (...refused: readonly (readonly [id: string, code: string, sender: boolean])[]): Answer => {
  const of = (entry: Entry) => refused.find(([id]) => idsIn([entry])[0] === id);
  return (entries) => ({
    Successful: entries.filter((entry) => of(entry) === undefined),
    Failed: entries.flatMap((entry) => {
      const [, Code, SenderFault] = of(entry) ?? [];
      return Code === undefined ? [] : [{ Id: entry.Id, Code, SenderFault, Message: 'said' }];
    }),
  });
};

const queue = (fifo: boolean, answer: Answer = allTaken, timeLeft = () => 60_000) => {
  const calls: (readonly Entry[])[] = [];
  const call: Call = (operation, input) => {
    const { QueueUrl, Entries } = input as { QueueUrl: string; Entries: Entry[] };
    expect([operation, QueueUrl]).toEqual(['SendMessageBatch', QUEUE]);
    const said = answer(Entries, calls.push(Entries));
    return said instanceof Error ? Promise.reject(said) : Promise.resolve(said);
  };
  const sender = sqsSender({ call, queueUrl: QUEUE, fifo, room: 10_000 });
  const send = async (...events: readonly Outgoing[]) => {
    const said = await sender.send(events, timeLeft);
    return said?.kind === 'each' ? said.verdicts : said;
  };
  return { sender, send, calls };
};
const huge = event('huge', { properties: { text: 'x'.repeat(MAX_SQS_BYTES) } });

describe.each([true, false])('a queue (FIFO: %s)', (fifo) => {
  it('gets the event’s JSON; characters that SQS refuses are escaped', async () => {
    const { send, calls } = queue(fifo);
    expect(await send(outgoing(event('a', { text: '\uFFFF é' })))).toEqual([DELIVERED]);
    expect(calls[0]?.[0]?.MessageBody).toBe('{"messageId":"a","text":"\\uffff é"}');
  });

  it('rejects what is too large for any queue without a call', async () => {
    const { send, calls } = queue(fifo);
    expect(await send(outgoing(huge))).toEqual([
      rejected(`bytes as JSON, and SQS takes ${MAX_SQS_BYTES}; make it smaller in a transform`),
    ]);
    expect(calls).toEqual([]);
  });

  it.each(['InvalidMessageContents', 'BatchRequestTooLong', 'InvalidParameterValueException'])(
    'rejects what this queue does not take: %s',
    async (name) => {
      const { send } = queue(fifo, () => named(name, 'Message must be shorter than 1024 bytes'));
      expect(await send(outgoing(event('a')))).toEqual([rejected('shorter than 1024 bytes')]);
    },
  );

  it.each(['RequestThrottled', 'InternalError', 'TimeoutError'])('is tried again after %s', async (name) => {
    expect(await queue(fifo, () => named(name)).send(outgoing(event('a')))).toEqual([retry(`${name}: said`)]);
  });

  it('throttles one entry: it is tried again, although SQS blames the sender', async () => {
    const { send } = queue(fifo, failing(['a', 'ThrottlingException', true]));
    expect(await send(outgoing(event('a')))).toEqual([retry('ThrottlingException: said')]);
  });

  it.each(['AccessDenied', 'AccessDeniedException', 'QueueDoesNotExist', 'KMS.DisabledException'])(
    'lets us do nothing: %s is a fault that names the queue',
    async (name) => {
      const { send } = queue(fifo, () => named(name));
      const fault = await send(outgoing(event('a'))).catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(AccessFault);
      expect(String(fault)).toContain('orders');
    },
  );

  it('begins nothing that may not end in time', async () => {
    const { send, calls } = queue(fifo, allTaken, () => 9_999);
    expect(await send(outgoing(event('a')))).toBeUndefined();
    expect(calls).toEqual([]);
  });
});

describe('a FIFO queue', () => {
  it('gets one event of a key at a time, in its group', async () => {
    const { sender, send, calls } = queue(true);
    expect(sender.batch).toBe(1);
    await send(outgoing(event('a')));
    expect(calls[0]?.[0]?.MessageGroupId).toBe('ada');
  });

  it('knows the same event in the same place again, and nothing else', async () => {
    const { send, calls } = queue(true);
    const events = [
      outgoing(event('a')),
      outgoing(event('a')),
      outgoing(event('a'), 'ada', 'elsewhere'),
      outgoing(event('a', { changed: true })),
    ];
    for (const one of events) await send(one);
    const [first, again, elsewhere, changed] = calls.flat().map((entry) => entry.MessageDeduplicationId);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(again).toBe(first);
    expect(new Set([first, elsewhere, changed]).size).toBe(3);
  });

  it('gets events of several keys in one call', async () => {
    const { send, calls } = queue(true);
    const keys = ['ada', 'bob', 'cy'];
    expect(await Promise.all(keys.map((key) => send(outgoing(event(key), key))))).toEqual(
      keys.map(() => [DELIVERED]),
    );
    expect(calls.map(idsIn)).toEqual([keys]);
  });

  it('refuses a call for the content of one key’s event: the others’ are delivered', async () => {
    const answer: Answer = (entries, n) =>
      idsIn(entries).includes('bob') ? named('InvalidMessageContents') : allTaken(entries, n);
    const { send } = queue(true, answer);
    const keys = ['ada', 'bob', 'cy'];
    const verdicts = await Promise.all(keys.map((key) => send(outgoing(event(key), key))));
    expect(verdicts).toEqual([[DELIVERED], [rejected('InvalidMessageContents')], [DELIVERED]]);
  });

  it('a failed entry stops its own key', async () => {
    const { send } = queue(true, failing(['bob', 'InternalError', false]));
    const verdicts = await Promise.all(['ada', 'bob'].map((key) => send(outgoing(event(key), key))));
    expect(verdicts).toEqual([[DELIVERED], [retry('InternalError')]]);
  });
});

describe('a standard queue', () => {
  const ids = Array.from({ length: 10 }, (_, i) => `e${i}`);

  it('gets ten events in a call, without group and deduplication', async () => {
    const { sender, send, calls } = queue(false);
    expect(sender.batch).toBe(10);
    expect(await send(...ids.map((id) => outgoing(event(id))))).toEqual(ids.map(() => DELIVERED));
    expect(calls).toHaveLength(1);
    expect(Object.keys(calls[0]?.[0] ?? {}).sort()).toEqual(['Id', 'MessageBody']);
  });

  it('a partial failure is judged entry by entry', async () => {
    const { send } = queue(
      false,
      failing(['e1', 'InternalError', false], ['e3', 'InvalidMessageContents', true]),
    );
    const [e0, e1, e2, e3] = (await send(...ids.map((id) => outgoing(event(id))))) as object[];
    expect([e0, e1, e2, e3]).toEqual([
      DELIVERED,
      retry('InternalError'),
      DELIVERED,
      rejected('InvalidMessageContents'),
    ]);
  });

  it('gets as many in a call as its bytes allow, without the one that is too large', async () => {
    const large = (id: string) => outgoing(event(id, { text: 'x'.repeat(400_000) }));
    const { send, calls } = queue(false);
    expect(await send(large('a'), large('b'), outgoing(huge), large('c'))).toEqual([
      DELIVERED,
      DELIVERED,
      rejected('SQS takes'),
      DELIVERED,
    ]);
    expect(calls.map(idsIn)).toEqual([['a', 'b'], ['c']]);
  });

  it('is sent nothing more after a call that failed, nor without time: those have no verdict', async () => {
    const large = (id: string) => outgoing(event(id, { text: 'x'.repeat(900_000) }));
    const throttled = queue(false, () => named('RequestThrottled'));
    expect(await throttled.send(large('a'), large('b'))).toEqual([retry('RequestThrottled')]);
    const left = [60_000, 100];
    const slow = queue(false, allTaken, () => left.shift() ?? 0);
    expect(await slow.send(large('a'), large('b'))).toEqual([DELIVERED]);
  });

  it('refuses a call for the content of one, and there is no time to send each alone: no verdict on the rest', async () => {
    const answer: Answer = (entries, n) =>
      entries.length > 1 ? named('InvalidMessageContents') : allTaken(entries, n);
    const left = [60_000, 60_000, 100];
    const { send, calls } = queue(false, answer, () => left.shift() ?? 0);
    expect(await send(outgoing(event('a')), outgoing(event('b')))).toEqual([DELIVERED]);
    expect(calls.map(idsIn)).toEqual([['a', 'b'], ['a']]);
  });

  it('refuses a call for the content of one: each is sent alone', async () => {
    const answer: Answer = (entries, n) =>
      idsIn(entries).includes('b') ? named('InvalidMessageContents') : allTaken(entries, n);
    const { send, calls } = queue(false, answer);
    expect(await send(outgoing(event('a')), outgoing(event('b')), outgoing(event('c')))).toEqual([
      DELIVERED,
      rejected('InvalidMessageContents'),
      DELIVERED,
    ]);
    expect(calls.map(idsIn)).toEqual([['a', 'b', 'c'], ['a'], ['b'], ['c']]);
  });
});
