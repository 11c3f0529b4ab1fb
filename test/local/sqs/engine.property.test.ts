import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ReceivedMessage } from '../../../local/sqs/types.ts';
import { MINUTE, SECOND, Bench } from './test-bench.ts';

const MAX_RECEIVES = 3;
const GROUPS = ['a', 'b', 'c'];

type Step =
  | { readonly do: 'send'; readonly group: string; readonly id: string }
  | { readonly do: 'receive'; readonly max: number; readonly seconds: number }
  | { readonly do: 'delete'; readonly pick: number }
  | { readonly do: 'hide'; readonly pick: number; readonly seconds: number }
  | { readonly do: 'giveBack'; readonly pick: number }
  | { readonly do: 'pass'; readonly seconds: number }
  | { readonly do: 'restart' };

const pick = fc.nat({ max: 1000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send'),
      group: fc.constantFrom(...GROUPS),
      id: fc.nat({ max: 40 }).map(String),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('receive'),
      max: fc.integer({ min: 1, max: 10 }),
      seconds: fc.constantFrom(0, 1, 30),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('delete'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hide'), pick, seconds: fc.constantFrom(0, 1, 60) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('giveBack'), pick }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass'), seconds: fc.constantFrom(1, 29, 30, 299, 300) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart') }) },
);

interface Known {
  readonly id: string;
  readonly group: string;
  receives: number;
  hiddenUntil: number;
  where: 'queue' | 'dead letters' | 'deleted';
  received: ReceivedMessage | undefined;
}

/** A model of the queue, written from AWS's documentation alone. */
class Ledger {
  readonly bench = new Bench();
  readonly #messages: Known[] = [];
  readonly #deduplications = new Map<string, { readonly at: number; readonly messageId: string }>();

  constructor() {
    this.bench.engine.createQueue('dead.fifo', { FifoQueue: 'true' });
    const deadLetterTargetArn = this.bench.engine.queueArn('dead.fifo');
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: MAX_RECEIVES });
    this.bench.engine.createQueue('q.fifo', { FifoQueue: 'true', RedrivePolicy });
  }

  run(next: Step): void {
    const { bench } = this;
    if (next.do === 'send') this.#send(next.group, next.id);
    else if (next.do === 'receive') this.#receive(next.max, next.seconds);
    else if (next.do === 'pass') bench.pass(next.seconds * SECOND);
    else if (next.do === 'restart') bench.restart();
    else this.#withHeld(next);
    this.#checkCounts();
  }

  /** Everything that was accepted and not deleted must be found, each message once. */
  finish(): void {
    this.bench.pass(MINUTE);
    const found = new Set<string>();
    for (const queue of ['q.fifo', 'dead.fifo'])
      for (;;) {
        const batch = this.bench.engine.receive(queue, { maxMessages: 10 });
        if (batch.length === 0) break;
        for (const { messageId, receiptHandle } of batch) {
          expect(found.has(messageId)).toBe(false);
          found.add(messageId);
          this.bench.engine.delete(queue, receiptHandle);
        }
      }
    const kept = this.#messages.filter(({ where }) => where !== 'deleted').map(({ id }) => id);
    expect([...found].sort()).toEqual(kept.sort());
  }

  #send(group: string, id: string): void {
    const { bench } = this;
    const { messageId } = bench.engine.send('q.fifo', { body: id, groupId: group, deduplicationId: id });
    const earlier = this.#deduplications.get(id);
    if (earlier !== undefined && bench.now < earlier.at + 5 * MINUTE) {
      expect(messageId).toBe(earlier.messageId);
      return;
    }
    expect(this.#messages.some((message) => message.id === messageId)).toBe(false);
    this.#deduplications.set(id, { at: bench.now, messageId });
    this.#messages.push({
      id: messageId,
      group,
      receives: 0,
      hiddenUntil: 0,
      where: 'queue',
      received: undefined,
    });
  }

  #receive(max: number, seconds: number): void {
    const { bench } = this;
    const messages = bench.engine.receive('q.fifo', { maxMessages: max, visibilityTimeout: seconds });
    for (const group of GROUPS) {
      const received = messages.filter(({ groupId }) => groupId === group);
      this.#checkGroup(group, received, messages.length === max);
    }
    for (const received of messages) {
      const known = this.#messages.find(({ id }) => id === received.messageId);
      if (known === undefined) throw new Error(`${received.messageId} was never sent`);
      known.receives += 1;
      known.hiddenUntil = bench.now + seconds * SECOND;
      known.received = received;
      expect(received.receiveCount).toBe(known.receives);
    }
  }

  /**
   * What was received of a group is its beginning: nothing of it was skipped, and nothing was in other hands.
   * @param full the answer could not hold more; otherwise whatever could be had must be in it
   */
  #checkGroup(group: string, received: readonly ReceivedMessage[], full: boolean): void {
    const expected = [...received];
    for (const known of this.#messages) {
      if (known.group !== group || known.where !== 'queue') continue;
      if (known.hiddenUntil > this.bench.now) break;
      // At the next receive that reaches it, if this one did not.
      if (known.receives >= MAX_RECEIVES) known.where = 'dead letters';
      else if (expected.length > 0) expect(expected.shift()?.messageId).toBe(known.id);
      else {
        expect(full).toBe(true);
        break;
      }
    }
    expect(expected).toEqual([]);
  }

  /** Performs an action on one of the messages in flight. */
  #withHeld(next: Extract<Step, { readonly pick: number }>): void {
    const { engine, now } = this.bench;
    const received = this.#messages.filter(
      (known) => known.received !== undefined && known.where === 'queue',
    );
    const [inHand, expired] = [true, false].map((held) =>
      received.filter((known) => known.hiddenUntil > now === held),
    );
    for (const known of expired ?? [])
      if (known.receives < MAX_RECEIVES)
        expect(() => engine.delete('q.fifo', known.received?.receiptHandle ?? '')).toThrow(/has expired/);
    const known = inHand?.[next.pick % inHand.length];
    if (known?.received === undefined) return;
    const { receiptHandle } = known.received;
    if (next.do === 'delete') {
      engine.delete('q.fifo', receiptHandle);
      known.where = 'deleted';
    } else if (next.do === 'hide') {
      engine.changeVisibility('q.fifo', receiptHandle, next.seconds);
      known.hiddenUntil = now + next.seconds * SECOND;
    } else {
      engine.giveBack('q.fifo', [known.received]);
      known.hiddenUntil = now;
      known.receives -= 1;
    }
  }

  #checkCounts(): void {
    const { engine, now } = this.bench;
    const kept = this.#messages.filter(({ where }) => where === 'queue');
    const inFlight = kept.filter(({ hiddenUntil }) => hiddenUntil > now).length;
    const dead = engine.counts('dead.fifo').visible;
    const counts = engine.counts('q.fifo');
    expect(counts.inFlight).toBe(inFlight);
    // Which of a group's spent messages have moved by now depends on how far the receive came.
    expect(counts.visible + counts.inFlight + dead).toBe(
      this.#messages.filter(({ where }) => where !== 'deleted').length,
    );
  }
}

test('any history: groups in order, no message in two hands, nothing lost, duplicates refused, restarts unnoticed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const ledger = new Ledger();
      for (const next of steps) ledger.run(next);
      ledger.finish();
    }),
    { numRuns: 120 },
  );
});

test('a long backlog is handed out whole, group by group in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 20 }), { maxLength: 400, size: 'max' }),
      fc.integer({ min: 1, max: 10 }),
      (groups, max) => {
        const bench = new Bench();
        bench.engine.createQueue('q.fifo', { FifoQueue: 'true' });
        for (const [index, group] of groups.entries()) {
          const body = `${group}/${String(index).padStart(4, '0')}`;
          bench.engine.send('q.fifo', { body, groupId: String(group), deduplicationId: body });
        }
        const received: string[] = [];
        for (;;) {
          const batch = bench.engine.receive('q.fifo', { maxMessages: max });
          if (batch.length === 0) break;
          for (const { body, receiptHandle } of batch) {
            received.push(body);
            bench.engine.delete('q.fifo', receiptHandle);
          }
        }
        expect(received).toHaveLength(groups.length);
        for (const group of new Set(groups)) {
          const own = received.filter((body) => body.startsWith(`${group}/`));
          expect(own).toEqual([...own].sort());
        }
      },
    ),
    { numRuns: 30 },
  );
});
