/** Events that a pipeline keeps: those that are parked, and those that were rejected. */
import type { CheckedEvent, CheckEvent } from '../../contract/transform-check.ts';
import type { ParkedMessageView, RejectedEvent } from '../../contract/operator-views.ts';
import type { Ask } from '../client.ts';
import { readParked } from '../commands/parked.ts';
import { readRejected } from '../commands/rejected.ts';
import type { CheckedStage } from './pipeline.ts';

export interface KeptEvents {
  readonly events: readonly CheckEvent[];
  /** How many of them are what the stage's transform had made already. */
  readonly transformed: number;
  /** Records that hold no whole event. */
  readonly leftOut: number;
}

export type KeptEventsReader = (ask: Ask, stage: CheckedStage, limit: number) => Promise<KeptEvents>;

/** What control reads of a key for one answer. */
const MAX_MESSAGES = 200;

const isEvent = (value: unknown): value is CheckedEvent =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { messageId?: unknown }).messageId === 'string';

/** A parked message does not say which source it is of: the first that the stage takes stands in for it. */
const eventsOf = ({ acceptedAt, events }: ParkedMessageView, { source }: CheckedStage): CheckEvent[] =>
  events.flatMap(({ event }) =>
    isEvent(event) ? [{ event, source, receivedAt: new Date(acceptedAt).toISOString() }] : [],
  );

/** In the order in which they would be put back, key by key. @throws CommandFailure */
export const parkedEvents: KeptEventsReader = async (ask, stage, limit) => {
  const { keys } = await readParked(ask, limit, { stage: stage.id });
  const events: CheckEvent[] = [];
  for (const { key } of keys) {
    if (events.length >= limit) break;
    const { messages } = await ask({
      command: 'show',
      stage: stage.id,
      key,
      content: true,
      limit: Math.min(limit - events.length, MAX_MESSAGES),
    });
    events.push(...messages.flatMap((message) => eventsOf(message, stage)));
  }
  return { events: events.slice(0, limit), transformed: 0, leftOut: 0 };
};

/** Of a large event the record has only the beginning. */
const eventOf = ({ body = '' }: RejectedEvent): CheckedEvent | undefined => {
  try {
    const event: unknown = JSON.parse(body);
    return isEvent(event) ? event : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** @throws CommandFailure */
export const rejectedEvents: KeptEventsReader = async (ask, { id }, limit) => {
  const { events: records } = await readRejected(ask, limit, { stage: id, content: true });
  const read = records.flatMap((record) => {
    const event = eventOf(record);
    const { sourceId: source, receivedAt, discarded } = record;
    return event === undefined ? [] : [{ event, source, receivedAt, discarded }];
  });
  return {
    events: read.map(({ event, source, receivedAt }) => ({ event, source, receivedAt })),
    transformed: read.filter(({ discarded }) => !discarded).length,
    leftOut: records.length - read.length,
  };
};
