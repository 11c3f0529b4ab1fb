/** Whether a parked user who keeps sending catches up, in simulated time: the drain of the stage with a real destination's work. */
import { describe, expect, it } from '@jest/globals';
import { toMessageBody } from '../../../lambdas/core/event/envelope.ts';
import { NOTHING_TO_REDACT } from '../../../lambdas/core/base/redaction.ts';
import type { Process } from '../../../lambdas/core/stage/outcome.ts';
import { sortOf } from '../../../lambdas/core/stage/parking.ts';
import { PASS_THROUGH } from '../../../lambdas/core/event/transform.ts';
import { deliverer } from '../../../lambdas/deliver/deliver.ts';
import { webhookSender } from '../../../lambdas/deliver/destinations/webhook/sender.ts';
import { roomForMessage } from '../../../lambdas/deliver/room.ts';
import { Dice } from '../../../tools/driver/dice.ts';
import { DrainStage } from '../../support/drain-stage.ts';
import { STAGE } from '../../support/memory-stage.ts';
import { MINUTE, SECOND } from '../../support/mode-settings.ts';
import { gated } from '../../support/ports-gate.ts';

/** Milliseconds that are assumed: a call of DynamoDB, and a request to an ordinary destination. */
const [CALL, REQUEST] = [6, 80];
/** Milliseconds from the end of a worker until its successor works. */
const START = 1_000;
/** As configured by default. */
const TIMING = { requestTimeout: 10 * SECOND, deliverTimeout: 60 * SECOND };
/** Events a second. */
const RATE = 10;
/** For how long the user is parked before the fix. */
const PARKED = 15 * MINUTE;

/** As the times between calls of independent users are. */
const byChance = () => {
  const dice = new Dice(1);
  return () => -Math.log(1 - dice.next());
};

/** A stage with one parked user, whose events arrive while it is drained. */
class Pace {
  readonly #stage = new DrainStage();
  readonly #batch: number;
  readonly #gaps: () => number;
  readonly #fixedAt: number;
  readonly sent: string[] = [];
  readonly delivered: string[] = [];
  #nextAt: number;

  /** @param batch events that a request takes @param gaps between the user's events, as multiples of the mean */
  constructor(batch: number, gaps: () => number) {
    this.#batch = batch;
    this.#gaps = gaps;
    this.#nextAt = this.#stage.now;
    this.#fixedAt = this.#stage.now + PARKED;
  }

  /** Milliseconds since the fix. */
  get time(): number {
    return this.#stage.now - this.#fixedAt;
  }

  get backlog(): number {
    return this.#stage.parking.size;
  }

  get isParked(): boolean {
    return this.#stage.head() !== undefined;
  }

  async park(): Promise<void> {
    await this.#touch();
    await this.#pass(PARKED);
  }

  async wait(milliseconds: number): Promise<void> {
    await this.#pass(milliseconds);
  }

  /** A worker, until its time is over or the user's events flow from the queue again. */
  async work(): Promise<void> {
    await this.#pass(START);
    const ends = this.#stage.now + TIMING.deliverTimeout;
    const { state, parking } = this.#stage.deps().ports;
    const { mode } = this.#stage.deps();
    const call = async (_: string, __: readonly unknown[], effect: () => Promise<unknown>) => {
      await this.#pass(CALL);
      return effect();
    };
    await this.#stage.drain('a', {
      ports: {
        state: gated(state, 'state', call),
        parking: gated(parking, 'parking', call),
        process: this.#process,
      },
      mode: gated(mode, 'mode', call),
      time: {
        timeLeft: () => ends - this.#stage.now,
        worstCase: roomForMessage(TIMING),
        leaseTime: 2 * TIMING.deliverTimeout,
      },
    });
  }

  get #process(): Process {
    const sender = webhookSender({
      destination: {
        url: 'https://receiver.example/hook',
        headers: {},
        batch: this.#batch,
      },
      timing: TIMING,
      send: async ({ body }) => {
        await this.#pass(REQUEST);
        const events = [JSON.parse(body) as { messageId: string } | { messageId: string }[]].flat();
        this.delivered.push(...events.map(({ messageId }) => messageId));
        return { kind: 'answer', status: 200, headers: {}, body: '' };
      },
      secrets: {
        read: () => Promise.resolve(new Map()),
        expire: () => undefined,
        redact: NOTHING_TO_REDACT,
      },
      clock: () => this.#stage.now,
    });
    return deliverer({
      destination: { id: STAGE },
      sender,
      timing: TIMING,
      transforms: PASS_THROUGH,
      rejections: { save: () => Promise.reject(new Error('nothing is rejected')) },
      clock: () => this.#stage.now,
      count: () => undefined,
    });
  }

  /** Time passes, and events arrive. */
  async #pass(milliseconds: number): Promise<void> {
    const until = this.#stage.now + milliseconds;
    while (this.#nextAt <= until) {
      this.#stage.now = Math.max(this.#stage.now, this.#nextAt);
      await this.#arrive();
      this.#nextAt += (this.#gaps() * SECOND) / RATE;
    }
    this.#stage.now = until;
  }

  async #arrive(): Promise<void> {
    if (!this.isParked) return;
    const id = `e${String(this.sent.length)}`;
    this.sent.push(id);
    const { parking, now } = this.#stage;
    const event = { messageId: id, userId: 'u' };
    const body = toMessageBody({ v: 1, kind: 'events', sourceId: 'web', receivedAt: '', events: [event] });
    const { sequenceNumber, sentAt } = this.#stage.message(id, 'a');
    const sort = sortOf({ sequenceNumber });
    const message = { sort, id, groupId: 'a', body, sequenceNumber, sentAt, parkedAt: now };
    await parking.putMessage(STAGE, message);
    await this.#touch();
  }

  async #touch(): Promise<void> {
    const { parking, now } = this.#stage;
    await parking.touchHead(STAGE, 'a', { token: String(now), now, reason: 'it crashed' });
  }
}

describe(`one user of ${String(RATE)} events a second, parked for a quarter of an hour, at a destination that takes ${String(REQUEST)} ms`, () => {
  it('flows from the queue again within three minutes of the fix, if a request takes 20 events', async () => {
    const pace = new Pace(20, byChance());
    await pace.park();
    expect(pace.backlog).toBeGreaterThan(8_500);
    // Control starts the worker.
    await pace.wait(MINUTE);
    while (pace.isParked) await pace.work();
    expect(pace.isParked).toBe(false);
    expect(pace.delivered).toEqual(pace.sent);
    expect(pace.time).toBeLessThan(3 * MINUTE);
  });

  it('has fewer parked events after each minute of the drain, if a request takes one', async () => {
    const pace = new Pace(1, () => 1);
    await pace.park();
    const backlogs = [pace.backlog];
    for (let worker = 1; worker <= 9; worker++) {
      await pace.work();
      backlogs.push(pace.backlog);
    }
    expect(backlogs).toEqual([...new Set(backlogs)].sort((a, b) => b - a));
    expect(pace.time).toBeGreaterThan(5 * MINUTE);
    expect(pace.delivered).toEqual(pace.sent.slice(0, pace.delivered.length));
  });
});
