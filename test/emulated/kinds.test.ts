/**
 * Each kind of destination that is a resource of AWS sends events, and what has arrived is read from the service: by moto, which others have
 * written from AWS's documentation. Our own stand-ins and these expectations cannot be wrong in the same way there.
 */
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SluiceEvent } from '../../lambdas/core/event/event.ts';
import { ADA, BOB, byId, delivered, json, lines, paid, send, senderTo, stopsIt } from './sending.ts';
import * as services from './services.ts';

describe('sqs', () => {
  it('FIFO: a user is a group, in order; the same event in the same place is dropped', async () => {
    const { arn, arrived } = await services.newQueue({ fifo: true });
    const sender = await senderTo(arn, { type: 'sqs', fifo: true });
    const sent = await Promise.all([send(sender, ADA), send(sender, BOB)]);
    expect(sent).toEqual([delivered(3), delivered(2)]);
    expect(await send(sender, ADA.slice(0, 1))).toEqual(delivered(1));
    const messages = await arrived();
    for (const [key, events] of [
      ['key-of-ada', ADA],
      ['key-of-bob', BOB],
    ] as const) {
      const own = messages.filter(({ Attributes }) => Attributes?.MessageGroupId === key);
      expect(own.map(({ Body }) => json(Body))).toEqual(events);
    }
    const ids = messages.map(({ Attributes }) => Attributes?.MessageDeduplicationId);
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/);
  });

  it('standard: the event is the body', async () => {
    const { arn, arrived } = await services.newQueue({ fifo: false });
    expect(await send(await senderTo(arn, { type: 'sqs', fifo: false }), ADA)).toEqual(delivered(3));
    expect(byId((await arrived()).map(({ Body }) => json(Body)))).toEqual(ADA);
  });

  it.each([true, false])(
    'an event that is larger than the queue takes is rejected, and those around it are not (FIFO: %s)',
    async (fifo) => {
      const { arn, arrived } = await services.newQueue({ fifo, most: 1_024 });
      const large = { ...paid('a2'), text: 'x'.repeat(1_024) };
      const [one, three] = [paid('a1'), paid('a3')];
      const verdicts = await send(await senderTo(arn, { type: 'sqs', fifo }), [one, large, three]);
      expect(verdicts.map(({ kind }) => kind)).toEqual(['delivered', 'rejected', 'delivered']);
      expect(byId((await arrived()).map(({ Body }) => json(Body)))).toEqual([one, three]);
    },
  );

  it.each([true, false])('a queue that does not exist stops it (FIFO: %s)', async (fifo) => {
    const { arn } = await services.newQueue({ fifo });
    await stopsIt(arn, { type: 'sqs', fifo }, /SendMessageBatch.*no-such-thing.*(NonExistent|DoesNotExist)/);
  });
});

describe('sns', () => {
  const ATTRIBUTES = {
    type: { Type: 'String', Value: 'track' },
    event: { Type: 'String', Value: 'Paid' },
  };

  it('FIFO: a user is a group, in order; an event has attributes that a filter policy can choose by', async () => {
    const { arn, arrived } = await services.newTopic({ fifo: true });
    const sender = await senderTo(arn, { type: 'sns', fifo: true });
    expect(await Promise.all([send(sender, ADA), send(sender, BOB)])).toEqual([delivered(3), delivered(2)]);
    expect(await send(sender, ADA.slice(0, 1))).toEqual(delivered(1));
    const messages = (await arrived()).map(({ Body, Attributes }) => ({
      group: Attributes?.MessageGroupId,
      ...(json(Body) as { Message: string; MessageAttributes: object }),
    }));
    for (const [key, events] of [
      ['key-of-ada', ADA],
      ['key-of-bob', BOB],
    ] as const)
      expect(messages.filter(({ group }) => group === key).map(({ Message }) => json(Message))).toEqual(
        events,
      );
    for (const { MessageAttributes } of messages) expect(MessageAttributes).toEqual(ATTRIBUTES);
  });

  it('standard: the event is the message', async () => {
    const { arn, arrived } = await services.newTopic({ fifo: false });
    expect(await send(await senderTo(arn, { type: 'sns', fifo: false }), ADA)).toEqual(delivered(3));
    const messages = (await arrived()).map(({ Body }) => json(Body) as { Message: string });
    expect(byId(messages.map(({ Message }) => json(Message)))).toEqual(ADA);
    expect(messages[0]).toMatchObject({ MessageAttributes: ATTRIBUTES });
  });

  it.each([true, false])('a topic that does not exist stops it (FIFO: %s)', async (fifo) => {
    const { arn } = await services.newTopic({ fifo });
    await stopsIt(arn, { type: 'sns', fifo }, /PublishBatch.*no-such-thing.*NotFound/);
  });
});

describe('kinesis', () => {
  it('a user is a partition key, in one shard and in order', async () => {
    const { arn, arrived } = await services.newStream();
    const sender = await senderTo(arn, { type: 'kinesis' });
    expect(await Promise.all([send(sender, ADA), send(sender, BOB)])).toEqual([delivered(3), delivered(2)]);
    const shards = await arrived();
    for (const [key, events] of [
      ['key-of-ada', ADA],
      ['key-of-bob', BOB],
    ] as const) {
      const own = shards.map((records) => records.filter(({ PartitionKey }) => PartitionKey === key));
      const [records = [], ...others] = own.filter(({ length }) => length > 0);
      expect(others).toEqual([]);
      expect(records.map(({ Data }) => json(Buffer.from(Data, 'base64').toString()))).toEqual(events);
    }
  });

  it('a stream that does not exist stops it', async () => {
    const { arn } = await services.newStream();
    await stopsIt(arn, { type: 'kinesis' }, /PutRecord.*no-such-thing.*ResourceNotFound/);
  });
});

describe('firehose', () => {
  it('an event is a line of what it writes', async () => {
    const { arn, arrived } = await services.newDeliveryStream();
    expect(await send(await senderTo(arn, { type: 'firehose' }), ADA)).toEqual(delivered(3));
    const text = (await arrived()).map(({ body }) => Buffer.from(body).toString()).join('');
    expect(lines(text)).toEqual(ADA);
  });

  it('a delivery stream that does not exist stops it', async () => {
    const { arn } = await services.newDeliveryStream();
    await stopsIt(arn, { type: 'firehose' }, /PutRecordBatch.*no-such-thing.*ResourceNotFound/);
  });
});

describe('s3', () => {
  const settings = { type: 's3', prefix: 'in/', batch: 2 };

  it('events of a user that are sent together are an object of gzip, a line each; the same ones are the same object', async () => {
    const { arn, arrived } = await services.newBucket();
    const sender = await senderTo(arn, settings);
    expect(await send(sender, ADA)).toEqual(delivered(3));
    expect(await send(sender, ADA)).toEqual(delivered(3));
    const objects = await arrived();
    expect(objects).toHaveLength(2);
    for (const { key, type } of objects) {
      expect(key).toMatch(/^in\/dt=2026-11-22\/[0-9a-f]{16}\/20261122T100000000Z-[0-9a-f]{24}\.json\.gz$/);
      expect(type).toBe('application/gzip');
    }
    const contents = objects.map(({ body }) => lines(gunzipSync(body).toString()));
    expect(contents.map(({ length }) => length).sort()).toEqual([1, 2]);
    expect(byId(contents.flat())).toEqual(ADA);
  });

  it('a prefix with what a URL has to encode stays as it is', async () => {
    const { arn, arrived } = await services.newBucket();
    await send(await senderTo(arn, { ...settings, prefix: "a=b/c'(d)!*/" }), BOB);
    expect((await arrived()).map(({ key }) => key.startsWith("a=b/c'(d)!*/dt=2026-11-22/"))).toEqual([true]);
  });

  it('a bucket that does not exist stops it', async () => {
    const { arn } = await services.newBucket();
    await stopsIt(arn, settings, /PutObject.*no-such-thing.*NoSuchBucket/);
  });
});

describe('eventbridge', () => {
  it('the event is the detail, with a source and a type that rules match', async () => {
    const { arn, arrived } = await services.newBus('shop');
    const sender = await senderTo(arn, { type: 'eventbridge', source: 'shop' });
    expect(await send(sender, ADA)).toEqual(delivered(3));
    const came = (await arrived()).map(({ Body }) => json(Body) as { detail: SluiceEvent });
    expect(byId(came.map(({ detail }) => detail))).toEqual(ADA);
    for (const one of came) expect(one).toMatchObject({ source: 'shop', 'detail-type': 'track' });
  });

  it('a bus that is said not to exist stops it', async () => {
    const { arn } = await services.newBus('shop');
    await stopsIt(arn, { type: 'eventbridge', source: 'shop' }, /PutEvents.*no-such-thing.*ResourceNotFound/);
  });
});

describe('lambda', () => {
  let fn: Awaited<ReturnType<typeof services.newFunction>>;
  beforeAll(async () => {
    fn = await services.newFunction();
    process.env['AWS_ENDPOINT_URL_LAMBDA'] = fn.url;
  });
  afterAll(() => {
    delete process.env['AWS_ENDPOINT_URL_LAMBDA'];
    fn.close();
  });
  const settings = { type: 'lambda', batch: 2 };

  it('a function gets the events of a user, and says what became of each', async () => {
    const sender = await senderTo(fn.arn, settings);
    await fn.willAnswer(null);
    await fn.willAnswer({ results: [{ outcome: 'rejected', reason: 'no such plan' }] });
    expect(await send(sender, ADA)).toEqual([...delivered(2), { kind: 'rejected', reason: 'no such plan' }]);
    const head = { v: 1, destination: 'any', sourceId: 'web', key: 'key-of-ada' };
    expect(fn.arrived).toEqual([
      { ...head, events: ADA.slice(0, 2) },
      { ...head, events: ADA.slice(2) },
    ]);
  });

  it('an answer that is none is tried again', async () => {
    await fn.willAnswer({ done: true });
    expect(await send(await senderTo(fn.arn, settings), BOB)).toEqual([
      { kind: 'retry', reason: expect.stringContaining('answered with something else') },
    ]);
  });

  it('a function that does not exist stops it', async () => {
    await services.lambdaWithDocker(true);
    await stopsIt(fn.arn, settings, /Invoke.*no-such-thing.*ResourceNotFound/);
  });
});
