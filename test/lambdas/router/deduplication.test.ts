/** The router with deduplication: what it drops, what it never drops, and what a failure costs. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseEnvelope, toMessageBody, type EventsEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { JsonObject } from '../../../lambdas/core/event/event.ts';
import { InfraFault, MessageRefused } from '../../../lambdas/core/base/faults.ts';
import type { IncomingMessage, OutgoingMessage } from '../../../lambdas/core/base/messages.ts';
import type { Seen, SeenStore } from '../../../lambdas/core/event/seen-ids.ts';
import { PASS_THROUGH, type Transforms } from '../../../lambdas/core/event/transform.ts';
import { router, type RouterDeps } from '../../../lambdas/router/route.ts';
import { FakeRejections, message } from '../../support/fakes.ts';
import { MemorySeen } from '../../support/memory-seen.ts';
import { failingTransforms, plainTransforms, type PlainTransform } from '../../support/plain-transforms.ts';

const MINUTE = 60_000;
const limits = { window: 60 * MINUTE, maxIds: 200 };

let store: MemorySeen;
let sent: OutgoingMessage[];
let counts: Record<string, number>;
let warnings: string[];

beforeEach(() => {
  store = new MemorySeen();
  sent = [];
  counts = {};
  warnings = [];
});

interface Given {
  readonly store?: SeenStore;
  readonly off?: boolean;
  readonly transform?: PlainTransform;
  readonly transforms?: Transforms;
  readonly send?: RouterDeps['destinations'][number]['send'];
}

const run = (incoming: IncomingMessage, given: Given = {}) => {
  const send = async (outgoing: OutgoingMessage): Promise<void> => {
    await Promise.resolve();
    sent.push(outgoing);
  };
  const deduplication = {
    store: given.store ?? store,
    limits,
    warn: (warning: string, error: unknown) => warnings.push(`${warning}: ${String(error)}`),
  };
  const transforms = given.transform === undefined ? PASS_THROUGH : plainTransforms(given.transform);
  const process = router({
    stage: 'router',
    destinations: [{ id: 'crm', sources: undefined, send: given.send ?? send }],
    transforms: given.transforms ?? transforms,
    timing: { routerTimeout: 60_000 },
    rejections: new FakeRejections(),
    deduplication: given.off === true ? undefined : deduplication,
    clock: () => 42,
    count: (metric, n) => (counts[metric] = (counts[metric] ?? 0) + n),
  });
  return process(incoming, {
    attempt: undefined,
    isTrial: false,
    inOwnTrouble: false,
    timeLeft: () => 60_000,
  });
};

const packed = (id: string, ids: readonly string[], more: Partial<EventsEnvelope> = {}, key = 'ada') => {
  const events = ids.map((messageId) => ({ messageId, userId: key }));
  const receivedAt = '2026-11-22T00:00:00.000Z';
  const body = toMessageBody({ v: 1, kind: 'events', sourceId: 'web', receivedAt, events, ...more });
  return message(id, key, { body });
};

const idsOf = ({ body }: OutgoingMessage): string[] => {
  const envelope = parseEnvelope(body);
  return envelope?.kind === 'events' ? envelope.events.map(({ messageId }) => messageId) : [];
};
const sentIds = (): string[] => sent.flatMap(idsOf);

const DONE = { kind: 'done' };

describe('a repetition', () => {
  it('is dropped and counted, and the new events beside it are sent', async () => {
    await run(packed('m1', ['1', '2']));
    expect(await run(packed('m2', ['2', '3', '3']))).toMatchObject(DONE);
    expect(sent.map(idsOf)).toEqual([['1', '2'], ['3']]);
    expect(counts).toEqual({ EventsRouted: 3, EventsDuplicate: 2 });
  });

  it('of all events is done: nothing is sent or written, and no event goes through the transform', async () => {
    await run(packed('m1', ['1', '2']));
    const { writes } = store;
    const transforms = plainTransforms((event) => event);
    expect(await run(packed('m2', ['2', '1']), { transforms })).toMatchObject(DONE);
    expect(transforms.jobs.flatMap(({ events }) => events)).toEqual([]);
    expect(sent).toHaveLength(1);
    expect(store.writes).toBe(writes);
    expect(counts).toEqual({ EventsRouted: 2, EventsDuplicate: 2 });
  });

  it('is one by the id that ingest stamped, whatever the transform makes of it', async () => {
    const transform: PlainTransform = (event) => ({ ...event, messageId: 'the same for all' });
    await run(packed('m1', ['1', '2']), { transform });
    await run(packed('m2', ['1', '3', 'the same for all']), { transform });
    expect(counts).toEqual({ EventsRouted: 4, EventsDuplicate: 1 });
  });

  it('of an event that the transform filtered out is dropped as well', async () => {
    await run(packed('m1', ['1']), { transform: () => null });
    await run(packed('m2', ['1']));
    expect(sent).toEqual([]);
    expect(counts).toMatchObject({ EventsFiltered: 1, EventsDuplicate: 1 });
  });

  it('of an event that was rejected is none: the code may have been mended', async () => {
    const big = (event: JsonObject) => ({ ...event, filler: 'x'.repeat(300_000) });
    const transform: PlainTransform = (event) => (event['messageId'] === '1' ? [event, big(event)] : event);
    await run(packed('m1', ['1', '2']), { transform });
    await run(packed('m2', ['1', '2']));
    expect(sent.map(idsOf)).toEqual([['1', '2'], ['1']]);
    expect(counts).toMatchObject({ EventsRejected: 1, EventsDuplicate: 1 });
  });

  it('is none under another order key', async () => {
    await run(packed('m1', ['1'], {}, 'ada'));
    await run(packed('m2', ['1'], {}, 'bob'));
    expect(sentIds()).toEqual(['1', '1']);
  });

  it('is none when an operator sends it again, and is one when an SDK does after that', async () => {
    await run(packed('m1', ['1']));
    await run(packed('m2', ['1', '2', '2'], { replay: true }));
    await run(packed('m3', ['1', '2']));
    expect(sent.map(idsOf)).toEqual([['1'], ['1', '2', '2']]);
    expect(counts).toEqual({ EventsRouted: 4, EventsDuplicate: 2 });
  });
});

describe('what it asks of the store', () => {
  it('one read and one write for a packed message', async () => {
    await run(packed('m1', ['1', '2', '3']));
    expect([store.reads, store.writes]).toEqual([1, 1]);
  });

  it('nothing of a message that has no events', async () => {
    await run(message('m1', 'ada', { body: 'not an envelope' }));
    expect([store.reads, store.writes]).toEqual([0, 0]);
  });

  it('nothing when it is off', async () => {
    await run(packed('m1', ['1', '1']), { off: true });
    await run(packed('m2', ['1']), { off: true });
    expect(sentIds()).toEqual(['1', '1', '1']);
    expect([store.reads, store.writes]).toEqual([0, 0]);
    expect(counts).toEqual({ EventsRouted: 3 });
  });
});

describe('a failure', () => {
  const failing = (call: 'read' | 'save', error: Error): SeenStore => ({
    read: (key) => (call === 'read' ? Promise.reject(error) : store.read(key)),
    save: (key, seen) => (call === 'save' ? Promise.reject(error) : store.save(key, seen)),
  });

  it('of the read fails the message, with nothing sent', async () => {
    const given = { store: failing('read', new InfraFault('throttled')) };
    await expect(run(packed('m1', ['1']), given)).rejects.toThrow(InfraFault);
    expect(sent).toEqual([]);
  });

  it('of the write is told, and the message is done: its events are delivered again only if they are sent again', async () => {
    const given = { store: failing('save', new InfraFault('throttled')) };
    expect(await run(packed('m1', ['1']), given)).toMatchObject(DONE);
    expect(warnings).toEqual([
      expect.stringMatching(/^could not record which events were routed.*throttled$/),
    ]);
    await run(packed('m2', ['1']));
    expect(sentIds()).toEqual(['1', '1']);
  });

  it('of our own code is a crash, and not taken for a record that was lost', async () => {
    const given = { store: failing('save', new TypeError('a slip')) };
    expect(await run(packed('m1', ['1']), given)).toMatchObject({
      kind: 'crash',
      crash: { error: 'TypeError: a slip' },
      shown: { delivered: 1 },
    });
  });

  const crash = { kind: 'exit', error: 'process.exit(1)', eventId: '1' } as const;

  it.each<[string, Given]>([
    ['of a queue', { send: () => Promise.reject(new InfraFault('SQS is down')) }],
    ['of a message that SQS does not take', { send: () => Promise.reject(new MessageRefused('too large')) }],
    ['of the transform', { transforms: failingTransforms({ crash }) }],
  ])('%s before all is sent leaves no trace: what is sent again is routed', async (_, given) => {
    const outcome = await run(packed('m1', ['1']), given).catch((error: unknown) => error);
    expect(outcome).not.toMatchObject(DONE);
    expect(store.writes).toBe(0);
    // The same events in another message, as when the first was parked, and then discarded.
    await run(packed('m2', ['1']));
    await run(packed('m1', ['1']));
    expect(sentIds()).toEqual(['1']);
  });
});

/** Saves may be lost, and may land late: then they take the place of whatever is there. */
class ShakyStore implements SeenStore {
  readonly #store = new MemorySeen();
  readonly #late: (() => Promise<void>)[] = [];
  next: 'lands' | 'lost' | 'late' = 'lands';

  read(key: string): Promise<Seen> {
    return this.#store.read(key);
  }

  async save(key: string, seen: Seen): Promise<void> {
    if (this.next === 'lands') return this.#store.save(key, seen);
    if (this.next === 'late') this.#late.push(() => this.#store.save(key, seen));
    throw new InfraFault('no answer');
  }

  async landOne(): Promise<void> {
    await this.#late.shift()?.();
  }
}

const anyStep = fc.record({
  ids: fc.array(fc.constantFrom('1', '2', '3', '4', '5'), { minLength: 1, maxLength: 6 }),
  /** How each delivery of the message ends, before the one that is done. */
  deaths: fc.array(
    fc.constantFrom('before the queue has it', 'after the queue has it', 'before it is deleted'),
    {
      maxLength: 3,
    },
  ),
  save: fc.constantFrom<ShakyStore['next']>('lands', 'lands', 'lost', 'late'),
  landsLate: fc.boolean(),
});
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** Tells a story. @returns for each event how often it was sent, parts that SQS recognizes counted once */
const tell = async (steps: readonly Step[]): Promise<ReadonlyMap<string, number>> => {
  const shaky = new ShakyStore();
  const queue = new Map<string, string[]>();
  for (const [i, { ids, deaths, save, landsLate }] of steps.entries()) {
    const incoming = packed(`m${i}`, ids);
    const died = new Error('the process is gone');
    for (const death of [...deaths, undefined]) {
      if (landsLate) await shaky.landOne();
      shaky.next = save;
      const send = async (outgoing: OutgoingMessage): Promise<void> => {
        await Promise.resolve();
        if (death === 'before the queue has it') throw died;
        queue.set(outgoing.deduplicationId, idsOf(outgoing));
        if (death === 'after the queue has it') throw died;
      };
      await run(incoming, { store: shaky, send }).catch((error: unknown) => {
        if (error !== died) throw error;
      });
    }
  }
  const times = new Map<string, number>();
  for (const id of [...queue.values()].flat()) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
};

describe('whatever dies, whatever is lost or lands late', () => {
  const stories = fc.array(anyStep, { minLength: 1, maxLength: 8 });

  it('every event that was accepted is sent', async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (steps) => {
        const times = await tell(steps);
        expect([...times.keys()].sort()).toEqual([...new Set(steps.flatMap(({ ids }) => ids))].sort());
      }),
      { numRuns: 300 },
    );
  });

  it('and once, as long as the records are written', async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (steps) => {
        const times = await tell(steps.map((step) => ({ ...step, save: 'lands' as const })));
        expect([...times.values()].filter((n) => n > 1)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
