/** The canary's receiver: it records what it takes, and answers as it was ordered. */
import { describe, expect, it } from '@jest/globals';
import {
  canaryMessageId,
  readCanaryMessageId,
  type CanaryArrival,
  type CanaryOrders,
} from '../../../contract/canary.ts';
import { canarySender } from '../../../lambdas/deliver/destinations/canary/sender.ts';

const NOW = 1_000_000;

const ROOM = 100;

const receive = async (messageId: string, userId: string, orders?: CanaryOrders, timeLeft = ROOM) => {
  const arrivals: [string, CanaryArrival][] = [];
  const { send } = canarySender({
    store: {
      readSettings: () => Promise.resolve(orders === undefined ? {} : { orders }),
      addArrival: (run, arrival) => Promise.resolve(void arrivals.push([run, arrival])),
    },
    clock: () => NOW,
    newId: () => 'd1',
    room: ROOM,
  });
  const event = { sourceId: 'canary', key: 'k', place: 'p', content: { messageId, userId } };
  const reply = await send([event], () => timeLeft);
  return { reply, arrivals };
};

const id = canaryMessageId({ run: 'r1', user: 'ada', seq: 3 });

const DELIVERED = { kind: 'whole', verdict: { kind: 'delivered' } };

describe("the canary's receiver", () => {
  it('records an event of a run', async () => {
    const { reply, arrivals } = await receive(id, 'ada');
    expect(reply).toEqual(DELIVERED);
    expect(arrivals).toEqual([['r1', { id, delivery: 'd1', at: NOW }]]);
  });

  it('takes an event of nobody, and records nothing', async () => {
    const { reply, arrivals } = await receive('e7a1', 'ada');
    expect(reply).toEqual(DELIVERED);
    expect(arrivals).toEqual([]);
  });

  it('fails, or refuses, as it was ordered', async () => {
    await expect(receive(id, 'ada', { answer: 'throw', until: NOW + 1 })).rejects.toThrow(
      'the canary was ordered to fail',
    );
    const { reply, arrivals } = await receive(id, 'ada', { answer: 'refuse', until: NOW + 1 });
    expect(reply).toMatchObject({ kind: 'whole', verdict: { kind: 'retry' } });
    expect(arrivals).toEqual([]);
  });

  it('begins nothing for which there is no time', async () => {
    const { reply, arrivals } = await receive(id, 'ada', undefined, ROOM - 1);
    expect(reply).toBeUndefined();
    expect(arrivals).toEqual([]);
  });

  it('takes what the order is not about', async () => {
    for (const orders of [
      { answer: 'throw', users: ['bob'], until: NOW + 1 },
      { answer: 'throw', users: ['ada'], until: NOW },
    ] as const)
      expect((await receive(id, 'ada', orders)).arrivals).toHaveLength(1);
  });
});

it('an id says the run, the user and the place', () => {
  expect(readCanaryMessageId(id)).toEqual({ run: 'r1', user: 'ada', seq: 3 });
  for (const other of ['', 'e1', 'sluice-verify:r1:ada', 'sluice-verify:R1:ada:1', `${id}:2`])
    expect(readCanaryMessageId(other)).toBeUndefined();
});
