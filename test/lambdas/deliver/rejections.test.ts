/** The records of refused events: none takes the place of another, and a retry writes the same again. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { InfraFault, MessageRefused } from '../../../lambdas/core/base/faults.ts';
import { MemoryRejections } from '../../support/memory-rejections.ts';
import type { PlainTransform } from '../../support/plain-transforms.ts';
import { answer, at, attempt, event, message, script, World, type Setting } from './world.ts';

let store: MemoryRejections;
beforeEach(() => {
  store = new MemoryRejections();
});

const records = (): unknown[] => store.of('crm').map(({ body }) => JSON.parse(body) as unknown);
const refusing = (transform?: PlainTransform, more: Setting = {}): World =>
  new World({
    reply: () => answer(422),
    ...(transform === undefined ? {} : { transform }),
    deps: { rejections: store },
    ...more,
  });

describe('the record of an event', () => {
  it('exists twice for two events to which an SDK gave the same id', async () => {
    const events = [event('same', { n: 1 }), event('same', { n: 2 })];
    await refusing().run(events);
    expect(records()).toEqual(events);
  });

  it('exists twice for two identical events, by their places', async () => {
    const events = [event('same'), event('same')];
    await refusing().run(events);
    expect(records()).toEqual(events);
  });

  it('exists twice for two outputs of one event to which the transform gave the same id', async () => {
    const made = [event('own', { n: 1 }), event('own', { n: 2 })];
    await refusing(() => made).run([event('a')]);
    expect(records()).toEqual(made);
  });

  it('is written once, however often the message is retried', async () => {
    for (let tries = 0; tries < 3; tries += 1) await refusing().run([event('a'), event('b')]);
    expect(records()).toEqual([event('a'), event('b')]);
  });

  it('of a retry with another output in its place is added to the first', async () => {
    await refusing(() => ({ n: 1 })).run([event('a')]);
    await refusing(() => ({ n: 2 })).run([event('a')]);
    expect(records()).toHaveLength(2);
    expect(records()).toEqual(
      expect.arrayContaining([
        { n: 1, messageId: 'a' },
        { n: 2, messageId: 'a' },
      ]),
    );
  });

  it('exists twice for two messages with the same content', async () => {
    const of = (id: string) => ({ ...message([event('a')]), id });
    await refusing().run(of('sqs-1'));
    await refusing().run(of('sqs-2'));
    expect(records()).toHaveLength(2);
  });

  it('has the place of its event in the message, also where an attempt begins in the middle', async () => {
    const events: SluiceEvent[] = [event('a'), event('b'), event('c')];
    await refusing(({ messageId }) => [{ messageId, n: 0 }, { messageId: 'x' }], {
      reply: script(200, 422, 200),
    }).run(events, attempt(at(2)));
    const [record] = store.of('crm');
    expect(record?.id).toMatch(/^sqs-1:2:1:[0-9a-f]{16}$/);
    expect(record).toMatchObject({ transformed: true, key: 'g' });
  });
});

describe('a record that AWS does not store', () => {
  const failing = (error: Error): World => {
    let calls = 0;
    const save = () => ((calls += 1) === 2 ? Promise.reject(error) : Promise.resolve());
    return new World({ reply: script(422, 200, 422), deps: { rejections: { save } } });
  };
  const events = [event('a'), event('b'), event('c')];

  it('because it is down: the message is retried from that event on', async () => {
    expect(await failing(new InfraFault('PutItem failed')).run(events)).toEqual({
      kind: 'fault',
      reason: 'PutItem failed',
      progress: at(2),
      shown: { delivered: 1, filtered: 0, rejected: 1, rejection: 'answered 422: said' },
    });
  });

  it('because of its content: the message is refused, with its progress', async () => {
    const world = failing(new MessageRefused('PutItem: the item is too large'));
    expect(await world.run(events)).toEqual({
      kind: 'refused',
      reason: 'PutItem: the item is too large',
      progress: at(2),
      shown: { delivered: 1, filtered: 0, rejected: 1, rejection: 'answered 422: said' },
    });
    expect(world.counted).toEqual({ EventsDelivered: 1, EventsRejected: 1 });
  });

  it('of a message that cannot be read: it is refused as a whole', async () => {
    const save = () => Promise.reject(new MessageRefused('too large'));
    const world = new World({ deps: { rejections: { save } } });
    const run = world.run({ ...message([]), body: '?' });
    await expect(run).rejects.toThrow(MessageRefused);
  });
});
