/**
 * A kiosk that many people use, a phone of one of them, and a user whose event is poison: what waits behind the poison for
 * each choice of the order key, from ingest's plan through a real FIFO queue to the receiver, with deaths in between.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { OrderBy } from '../../contract/settings.ts';
import { STAGE } from '../support/memory-stage.ts';
import { OneStage, POISON } from './one-stage.ts';

/** Three people at the kiosk, one after another, and one of them on her phone as well; the second one's event is poison. */
const scene = (orderBy: OrderBy, channel = 'web'): OneStage => {
  const pipeline = new OneStage(orderBy);
  for (const user of ['ada', 'bob', 'cyd']) pipeline.accept(user, 'kiosk', { channel });
  pipeline.accept('ada', 'phone');
  pipeline.accept('bob', 'kiosk', { channel, event: POISON });
  for (const user of ['ada', 'bob', 'cyd']) pipeline.accept(user, 'kiosk', { channel });
  pipeline.accept('ada', 'phone');
  return pipeline;
};

const BEFORE = ['ada@kiosk 0', 'bob@kiosk 1', 'cyd@kiosk 2', 'ada@phone 3', 'ada@phone 8'];

describe('behind a poison event of one user at a kiosk', () => {
  test.each([
    ['anonymousId', 'web'],
    ['anonymousId', 'server'],
    ['auto', 'web'],
  ] as const)('%s (%s): everyone at the kiosk waits, in order; phones do not', async (orderBy, channel) => {
    const pipeline = scene(orderBy, channel);
    await pipeline.settle();
    expect([...pipeline.firstDeliveries].sort()).toEqual([...BEFORE].sort());
    expect(pipeline.parking.keys(STAGE)).toHaveLength(1);
    await pipeline.fix();
    const atKiosk = pipeline.firstDeliveries.filter((id) => id.includes('@kiosk'));
    expect(atKiosk).toEqual(
      pipeline.sent.map(({ messageId }) => messageId).filter((id) => id.includes('@kiosk')),
    );
  });

  test.each([
    ['userId', 'web'],
    ['userId', 'server'],
    ['auto', 'server'],
  ] as const)('%s (%s): that user alone waits', async (orderBy, channel) => {
    const pipeline = scene(orderBy, channel);
    await pipeline.settle();
    const others = pipeline.sent.map(({ messageId }) => messageId).filter((id) => !id.startsWith('bob'));
    expect([...pipeline.firstDeliveries].sort()).toEqual([...others, 'bob@kiosk 1'].sort());
    expect(pipeline.parking.keys(STAGE)).toHaveLength(1);
    await pipeline.fix();
    const ofBob = pipeline.firstDeliveries.filter((id) => id.startsWith('bob'));
    expect(ofBob).toEqual(['bob@kiosk 1', 'bob@kiosk 4', 'bob@kiosk 6']);
  });

  test('userId: one person’s kiosk and phone are one order', async () => {
    const pipeline = scene('userId');
    await pipeline.settle();
    const ofAda = pipeline.firstDeliveries.filter((id) => id.startsWith('ada'));
    expect(ofAda).toEqual(['ada@kiosk 0', 'ada@phone 3', 'ada@kiosk 5', 'ada@phone 8']);
  });
});

/** Every key has poison. */
const POISONED = (
  [
    ['bob', 'kiosk', 'server'],
    ['ada', 'phone', 'web'],
    ['cyd', 'kiosk', 'server'],
    ['ada', 'kiosk', 'server'],
    ['ada', 'kiosk', 'web'],
  ] as const
).map(([user, device, channel]) => ({ do: 'accept' as const, user, device, channel, event: POISON }));

const step = fc.oneof(
  fc.record({
    do: fc.constant('accept' as const),
    user: fc.constantFrom('ada', 'bob', 'cyd'),
    device: fc.constantFrom('kiosk', 'phone'),
    channel: fc.constantFrom('web', 'server'),
    event: fc.oneof(
      { weight: 8, arbitrary: fc.constant('ok') },
      { weight: 1, arbitrary: fc.constant(POISON) },
    ),
  }),
  fc.record({ do: fc.constantFrom('receive' as const, 'die' as const) }),
);

test.each(['anonymousId', 'userId', 'auto'] as const)(
  '%s: each key keeps its order and nothing is lost, in any interleaving of sends, crashes and deaths',
  async (orderBy) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const pipeline = new OneStage(orderBy);
        for (const one of steps) {
          if (one.do === 'accept') pipeline.accept(one.user, one.device, one);
          else await pipeline.receive(one.do === 'die');
        }
        await pipeline.settle();
        await pipeline.fix();
        expect(pipeline.violations()).toEqual([]);
      }),
      { numRuns: 60, examples: [[POISONED]] },
    );
  },
);
