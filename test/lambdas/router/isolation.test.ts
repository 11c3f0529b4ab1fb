/** One destination's queue cannot be written for 20 minutes: how often the others get an event, and when. Time is virtual. */
import { describe, expect, it } from '@jest/globals';
import { afterFailure } from '../../../lambdas/core/stage/attempt-ledger.ts';
import { AccessFault, InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { IncomingMessage, OutgoingMessage } from '../../../lambdas/core/base/messages.ts';
import { router } from '../../../lambdas/router/route.ts';
import { MemoryRejections } from '../../support/memory-rejections.ts';
import { plainTransforms, type PlainTransform } from '../../support/plain-transforms.ts';
import { packed } from './world.ts';

const MINUTE = 60_000;

/** SQS drops a repetition for five minutes after it took the first. */
class Queue {
  readonly taken: { readonly at: number; readonly ids: readonly string[] }[] = [];
  readonly #known = new Map<string, number>();

  take(now: number, { deduplicationId, body }: OutgoingMessage): void {
    const since = this.#known.get(deduplicationId);
    if (since !== undefined && now - since < 5 * MINUTE) return;
    this.#known.set(deduplicationId, now);
    const envelope = parseEnvelope(body);
    const events = envelope?.kind === 'events' ? envelope.events : [];
    this.taken.push({ at: now, ids: events.map(({ messageId }) => messageId) });
  }

  get ids(): readonly string[] {
    return this.taken.flatMap(({ ids }) => ids);
  }
}

interface Setting {
  readonly refuses: (now: number, destination: string, sentTo: number) => Error | undefined;
  readonly transform?: PlainTransform;
  readonly limit?: () => number;
}

const setUp = ({ refuses, transform = (event) => event, limit = () => Infinity }: Setting) => {
  const queues = { crm: new Queue(), lake: new Queue() };
  let now = 0;
  const attempts: Attempt[] = [];
  const process = router({
    stage: 'router',
    destinations: (['crm', 'lake'] as const).map((id) => ({
      id,
      sources: undefined,
      send: (outgoing) => {
        const error = refuses(now, id, queues[id].taken.length);
        if (error !== undefined) return Promise.reject(error);
        queues[id].take(now, outgoing);
        return Promise.resolve();
      },
    })),
    transforms: plainTransforms(transform, { limit }),
    timing: { routerTimeout: MINUTE },
    rejections: new MemoryRejections(),
    clock: () => now,
    count: () => undefined,
  });
  /** A message of the queue: it is received again two minutes after each failure, until it is done. */
  const deliver = async (message: IncomingMessage): Promise<void> => {
    let attempt: Attempt | undefined;
    for (;;) {
      const processing = { attempt, isTrial: false, inOwnTrouble: false, timeLeft: () => MINUTE };
      const outcome = await process(message, processing);
      if (outcome.kind === 'done') return;
      if (outcome.kind === 'crash') throw new Error(outcome.crash.error);
      const progress = outcome.progress ?? attempt?.progress;
      attempt = afterFailure(
        attempt,
        { reason: outcome.kind, ...(progress === undefined ? {} : { progress }) },
        { now, lastProgress: 0 },
      );
      attempts.push(attempt);
      if (outcome.kind !== 'stopped') now += 2 * MINUTE;
    }
  };
  return { queues, deliver, attempts };
};

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `e${from + i}`);
const events = (names: readonly string[]): SluiceEvent[] => names.map((messageId) => ({ messageId }));

describe.each<[string, Error]>([
  ['denies access', new AccessFault('SendMessageBatch of "crm.fifo" failed: AccessDenied')],
  ['is throttled', new InfraFault('SendMessageBatch failed: Throttling')],
])("a destination's queue that %s for 20 minutes", (_, error) => {
  const refuses: Setting['refuses'] = (now, id) => (id === 'crm' && now < 20 * MINUTE ? error : undefined);

  it('does not send the other destination the same event again', async () => {
    const { queues, deliver } = setUp({ refuses });
    await deliver(packed('m1', events(ids(3))));
    expect(queues.lake.taken).toEqual([{ at: 0, ids: ids(3) }]);
    expect(queues.crm.taken).toEqual([{ at: 20 * MINUTE, ids: ids(3) }]);
  });

  it("holds the same user's later events for both, and gives each its events in order, once", async () => {
    const { queues, deliver } = setUp({ refuses });
    await deliver(packed('m1', events(ids(2))));
    await deliver(packed('m2', events(ids(2, 2))));
    for (const queue of [queues.crm, queues.lake]) expect(queue.ids).toEqual(ids(4));
    expect(queues.lake.taken.map(({ at }) => at)).toEqual([0, 20 * MINUTE]);
  });

  it('keeps its count of failures although the other took the events', async () => {
    const { deliver, attempts } = setUp({ refuses });
    await deliver(packed('m1', events(ids(1))));
    expect(attempts.map(({ failures }) => failures)).toEqual(ids(10).map((__, i) => i + 1));
  });

  it('has all of it sent again, to the other too, where the transform makes other outputs by then', async () => {
    let tries = 0;
    const transform: PlainTransform = (event) => {
      tries += 1;
      // From the second attempt on it makes more of the second event.
      return tries > 2 && event['messageId'] === 'e1' ? [event, { ...event, messageId: 'more' }] : event;
    };
    const { queues, deliver } = setUp({ refuses, transform });
    await deliver(packed('m1', events(ids(2))));
    expect(queues.crm.ids).toEqual(['e0', 'e1', 'more']);
    expect(queues.lake.ids).toEqual(['e0', 'e1', 'e1', 'more']);
  });

  it('gets the rest where an attempt has time for fewer events than the other destination has taken', async () => {
    let attempt = 0;
    const limit = () => ((attempt += 1) === 1 ? 8 : 3);
    const { queues, deliver } = setUp({ refuses, limit });
    await deliver(packed('m1', events(ids(12))));
    expect([queues.lake.ids, queues.crm.ids]).toEqual([ids(12), ids(12)]);
  });
});

describe('a message of several parts', () => {
  /** An output of 100 KB for each: two of them fit a part, so that an event of three lies in two. */
  const three: PlainTransform = (event) =>
    [0, 1, 2].map((i) => ({
      ...event,
      messageId: `${event['messageId'] as string}.${i}`,
      filler: 'x'.repeat(100_000),
    }));
  const made = ids(4).flatMap((id) => [0, 1, 2].map((i) => `${id}.${i}`));

  it.each([1, 2, 3, 4, 5])(
    'continues at the event behind the last that was wholly taken, when part %i was the last',
    async (parts) => {
      const error = new InfraFault('SendMessageBatch failed: Throttling');
      const refuses: Setting['refuses'] = (now, id, taken) => {
        if (id === 'crm') return now < 20 * MINUTE ? error : undefined;
        return now < 2 * MINUTE && taken >= parts ? error : undefined;
      };
      const { queues, deliver } = setUp({ refuses, transform: three });
      await deliver(packed('m1', events(ids(4))));
      expect(queues.crm.ids).toEqual(made);
      // Less than five minutes after: SQS drops the part that is sent again.
      expect(queues.lake.ids).toEqual(made);
    },
  );
});
