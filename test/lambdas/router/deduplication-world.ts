/** A router with deduplication, and what it sends, counts and warns of. */
import { parseEnvelope, toMessageBody, type EventsEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { IncomingMessage, OutgoingMessage } from '../../../lambdas/core/base/messages.ts';
import type { SeenIdsStore } from '../../../lambdas/core/event/seen-ids.ts';
import { PASS_THROUGH, type Transforms } from '../../../lambdas/core/event/transform.ts';
import { router, type RouterDeps } from '../../../lambdas/router/route.ts';
import { FakeRejections, message } from '../../support/fakes.ts';
import { MemorySeen } from '../../support/memory-seen.ts';
import { plainTransforms, type PlainTransform } from '../../support/plain-transforms.ts';

const MINUTE = 60_000;
const limits = { window: 60 * MINUTE, maxIds: 200 };

export interface Given {
  readonly store?: SeenIdsStore;
  readonly off?: boolean;
  readonly transform?: PlainTransform;
  readonly transforms?: Transforms;
  readonly send?: RouterDeps['destinations'][number]['send'];
}

export const packed = (
  id: string,
  ids: readonly string[],
  more: Partial<EventsEnvelope> = {},
  key = 'ada',
) => {
  const events = ids.map((messageId) => ({ messageId, userId: key }));
  const receivedAt = '2026-11-22T00:00:00.000Z';
  const body = toMessageBody({ v: 1, kind: 'events', sourceId: 'web', receivedAt, events, ...more });
  return message(id, key, { body });
};

export const idsOf = ({ body }: OutgoingMessage): string[] => {
  const envelope = parseEnvelope(body);
  return envelope?.kind === 'events' ? envelope.events.map(({ messageId }) => messageId) : [];
};

export class DeduplicationWorld {
  readonly store = new MemorySeen();
  readonly sent: OutgoingMessage[] = [];
  readonly counts: Record<string, number> = {};
  readonly warnings: string[] = [];

  /** One attempt at a message. */
  run(incoming: IncomingMessage, given: Given = {}): ReturnType<ReturnType<typeof router>> {
    const send = async (outgoing: OutgoingMessage): Promise<void> => {
      await Promise.resolve();
      this.sent.push(outgoing);
    };
    const deduplication = {
      store: given.store ?? this.store,
      limits,
      warn: (warning: string, error: unknown) => this.warnings.push(`${warning}: ${String(error)}`),
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
      count: (metric, n) => (this.counts[metric] = (this.counts[metric] ?? 0) + n),
    });
    return process(incoming, {
      attempt: undefined,
      isTrial: false,
      inOwnTrouble: false,
      timeLeft: () => 60_000,
    });
  }

  sentIds(): readonly string[] {
    return this.sent.flatMap(idsOf);
  }
}
