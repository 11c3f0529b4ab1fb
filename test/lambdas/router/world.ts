/** A router whose messages may take several attempts, and queues that drop duplicates as SQS does. */
import { withProgress } from '../../../lambdas/core/stage/attempt-ledger.ts';
import { parseEnvelope, toMessageBody, type EventsEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import type { IncomingMessage, OutgoingMessage } from '../../../lambdas/core/base/messages.ts';
import { PASS_THROUGH, type Transforms } from '../../../lambdas/core/event/transform.ts';
import { rulesOf } from '../../../lambdas/router/recipients.ts';
import { router, type RouterDeps } from '../../../lambdas/router/route.ts';
import type { RoutingSettings } from '../../../contract/settings.ts';
import { message } from '../../support/fakes.ts';
import { MemoryRejections } from '../../support/memory-rejections.ts';
import { MemorySeen } from '../../support/memory-seen.ts';

export const LIMITS = { window: 3_600_000, maxIds: 2_000 };

export const packed = (
  id: string,
  events: readonly SluiceEvent[],
  more: Partial<EventsEnvelope> = {},
): IncomingMessage => {
  const receivedAt = '2026-11-22T00:00:00.000Z';
  const body = toMessageBody({ v: 1, kind: 'events', sourceId: 'web', receivedAt, events, ...more });
  return message(id, 'ada', { body });
};

const eventsIn = ({ body }: OutgoingMessage): readonly SluiceEvent[] => {
  const envelope = parseEnvelope(body);
  return envelope?.kind === 'events' ? envelope.events : [];
};

/** A destination's queue: a repeated deduplication id is dropped. */
class Queue {
  readonly messages: OutgoingMessage[] = [];
  readonly #ids = new Set<string>();

  take(outgoing: OutgoingMessage): void {
    if (!this.#ids.has(outgoing.deduplicationId)) this.messages.push(outgoing);
    this.#ids.add(outgoing.deduplicationId);
  }

  get events(): readonly SluiceEvent[] {
    return this.messages.flatMap(eventsIn);
  }
}

export interface RouterSetting {
  readonly transforms?: Transforms;
  readonly deduplicates?: boolean;
  /** By the sources' ids. */
  readonly plans?: RouterDeps['plans'];
  /** Which events a destination gets. Default: all. */
  readonly routing?: Readonly<Partial<Record<'crm' | 'lake', RoutingSettings>>>;
  /** May throw, before the queue takes a message or after it. */
  readonly gate?: (destination: string, take: () => void) => void;
}

export class RouterWorld {
  timeLeft = 60_000;
  isTrial = false;
  readonly queues = { crm: new Queue(), lake: new Queue() };
  readonly seen = new MemorySeen();
  readonly rejections = new MemoryRejections();
  readonly counts: Record<string, number> = {};
  #process: ReturnType<typeof router>;

  constructor(setting: RouterSetting = {}) {
    this.#process = this.#router(setting);
  }

  /** The queues, and what is known of events, outlive it. */
  deploy(setting: RouterSetting): void {
    this.#process = this.#router(setting);
  }

  #router({ transforms = PASS_THROUGH, deduplicates = false, plans, gate, routing = {} }: RouterSetting) {
    const destinations = (['crm', 'lake'] as const).map((id) => ({
      id,
      sources: undefined,
      rules: rulesOf({ id, ...routing[id] }, (metrics) => {
        for (const [metric, n] of Object.entries(metrics)) this.#count(`${id}.${metric}`, n);
      }),
      send: async (outgoing: OutgoingMessage) => {
        await Promise.resolve();
        const take = () => {
          this.queues[id].take(outgoing);
        };
        if (gate === undefined) take();
        else gate(id, take);
      },
    }));
    return router({
      stage: 'router',
      destinations,
      transforms,
      timing: { routerTimeout: 60_000 },
      ...(plans && { plans }),
      rejections: this.rejections,
      deduplication: deduplicates ? { store: this.seen, limits: LIMITS, warn: () => undefined } : undefined,
      clock: () => 42,
      count: (metric, n) => {
        this.#count(metric, n);
      },
    });
  }

  #count(metric: string, n: number): void {
    this.counts[metric] = (this.counts[metric] ?? 0) + n;
  }

  run(incoming: IncomingMessage, attempt?: Attempt): Promise<Outcome> {
    return this.#process(incoming, {
      attempt,
      isTrial: this.isTrial,
      inOwnTrouble: false,
      timeLeft: () => this.timeLeft,
    });
  }

  /**
   * Runs one attempt after another, as the batch runner does.
   * @param failed called with the reason of each attempt that failed because of AWS
   * @returns the progress after each attempt except the last
   */
  async runUntilDone(incoming: IncomingMessage, failed?: (reason: string) => void): Promise<number[]> {
    const stops: number[] = [];
    let known: Attempt | undefined;
    for (let tries = 0; tries < 100; tries += 1) {
      const outcome = await this.run(incoming, known);
      if (outcome.kind === 'fault') {
        if (failed === undefined) throw new Error(outcome.reason);
        failed(outcome.reason);
      }
      if (outcome.kind === 'done') return stops;
      if (outcome.kind === 'crash') throw new Error(outcome.crash.error);
      if (outcome.progress !== undefined) known = withProgress(known, outcome.progress);
      stops.push(known?.progress?.events ?? 0);
    }
    throw new Error(`${incoming.id} is never done`);
  }
}
