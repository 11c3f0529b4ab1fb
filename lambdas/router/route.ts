/** The router's work on one message: the user's transform for every event, then the fan-out to the destinations. */
import type { ResolvedTiming } from '../../config/schema.ts';
import { fingerprint } from '../core/deduplication.ts';
import { eventBytes, pack, parseEnvelope, type EventsEnvelope } from '../core/envelope.ts';
import type { SluiceEvent } from '../core/event.ts';
import { CALL_MARGIN, MAX_EVENT_BYTES } from '../core/limits.ts';
import type { Process } from '../core/outcome.ts';
import {
  InfraFault,
  type Clock,
  type IncomingMessage,
  type OutgoingMessage,
  type RejectionStore,
} from '../core/ports.ts';
import { kept, unreadableMessage } from '../core/rejection.ts';
import { remember, withoutRepetitions, type Seen, type SeenLimits, type SeenStore } from '../core/seen.ts';
import { applyTransform, type Transform } from '../core/transform.ts';

export interface Destination {
  readonly id: string;
  /** Ids of the sources that it takes; undefined: all. */
  readonly sources: readonly string[] | undefined;
  /** Resolves when the destination's queue has taken the message. @throws InfraFault */
  readonly send: (message: OutgoingMessage) => Promise<void>;
}

export interface Deduplication {
  readonly store: SeenStore;
  readonly limits: SeenLimits;
  readonly warn: (message: string, error: unknown) => void;
}

export interface RouterDeps {
  readonly stage: string;
  readonly destinations: readonly Destination[];
  /** @throws LoadError when the user's module does not load: a crash */
  readonly loadTransform: () => Promise<Transform | undefined>;
  readonly rejections: RejectionStore;
  /** Undefined: off, and nothing is read or written for it. */
  readonly deduplication?: Deduplication | undefined;
  readonly clock: Clock;
  readonly count: (
    metric: 'EventsRouted' | 'EventsFiltered' | 'EventsRejected' | 'EventsDuplicate',
    events: number,
  ) => void;
}

/**
 * The time that must be left before a message is begun: it is charged, its parts are sent, and what came of it recorded;
 * deduplication reads once and writes once. A router with a short timeout makes do with a part of it, or it could begin nothing.
 * @returns milliseconds
 */
export const roomForMessage = (
  { routerTimeout }: Pick<ResolvedTiming, 'routerTimeout'>,
  deduplicates = false,
): number => Math.min((deduplicates ? 5 : 3) * CALL_MARGIN, routerTimeout * 0.5);

/** @returns the stage's work; the message is done when every destination's queue has taken all of its part */
export const router = (deps: RouterDeps): Process => {
  return async (message) => {
    const envelope = parseEnvelope(message.body);
    switch (envelope?.kind) {
      case undefined:
        await deps.rejections.save(unreadableMessage(deps.stage, message, deps.clock()));
        deps.count('EventsRejected', 1);
        break;
      case 'rejected': {
        const { sourceId, receivedAt, reason, body, sha256, size, count } = envelope;
        const content = { body, sha256, size, ...(count === undefined ? {} : { count }) };
        const record = { stage: 'ingest', id: message.id, at: deps.clock(), receivedAt, reason, sourceId };
        await deps.rejections.save({ ...record, ...content });
        break;
      }
      case 'events':
        await route(message, envelope, deps);
        break;
    }
    return { kind: 'done' };
  };
};

const route = async (message: IncomingMessage, envelope: EventsEnvelope, deps: RouterDeps): Promise<void> => {
  const { deduplication, count } = deps;
  if (deduplication === undefined) {
    await fanOut(message, envelope, deps);
    return;
  }
  const { store, limits } = deduplication;
  const seen = await store.read(message.groupId);
  const events =
    envelope.replay === true ? envelope.events : withoutRepetitions(seen, message, envelope.events, limits);
  const routed = events.length > 0 ? await fanOut(message, { ...envelope, events }, deps) : [];
  const known = remember(seen, message, routed, limits);
  if (known !== undefined) await save(message.groupId, known, deduplication);
  const repetitions = envelope.events.length - events.length;
  if (repetitions > 0) count('EventsDuplicate', repetitions);
};

/**
 * The events are on their way. To fail the message for a record that cannot be written would send them all again: that makes
 * duplicates, for certain after five minutes, and holds up their user; while without the record there are duplicates only
 * if an SDK repeats these very events.
 */
const save = async (key: string, seen: Seen, { store, warn }: Deduplication): Promise<void> => {
  try {
    await store.save(key, seen);
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    warn(
      'could not record which events were routed; if they are sent again, they are delivered again',
      error,
    );
  }
};

/** @returns the events of which nothing was rejected */
const fanOut = async (
  message: IncomingMessage,
  envelope: EventsEnvelope,
  deps: RouterDeps,
): Promise<readonly SluiceEvent[]> => {
  const transform = await deps.loadTransform();
  const fits = (event: SluiceEvent) => eventBytes(event) <= MAX_EVENT_BYTES;
  const outputs: SluiceEvent[] = [];
  const routed: SluiceEvent[] = [];
  let filtered = 0;
  for (const event of envelope.events) {
    const made = await applyTransform(transform, event);
    if (made.length === 0) filtered += 1;
    if (made.every(fits)) routed.push(event);
    outputs.push(...made);
  }
  // The user's code made it larger than a queue takes. Trying again would not help, and its neighbours are fine.
  const tooLarge = outputs.filter((event) => !fits(event));
  for (const event of tooLarge) await keepTooLarge(message, event, envelope, deps);

  const { sourceId, receivedAt } = envelope;
  const parts = pack({ sourceId, receivedAt }, outputs.filter(fits));
  const takers = deps.destinations.filter(({ sources }) => sources?.includes(sourceId) ?? true);
  await Promise.all(
    takers.map(async ({ send }) => {
      for (const [i, { body }] of parts.entries()) {
        // The body is part of the id: after a change of the transform the same part may hold other events, which SQS
        // must not take for a duplicate.
        const deduplicationId = fingerprint([message.id, i, body]);
        await send({ groupId: message.groupId, deduplicationId, body });
      }
    }),
  );
  deps.count('EventsRouted', outputs.length - tooLarge.length);
  if (filtered > 0) deps.count('EventsFiltered', filtered);
  return routed;
};

const keepTooLarge = async (
  message: IncomingMessage,
  event: SluiceEvent,
  { sourceId, receivedAt }: EventsEnvelope,
  deps: RouterDeps,
): Promise<void> => {
  const content = kept(JSON.stringify(event));
  await deps.rejections.save({
    stage: deps.stage,
    id: `${message.id}#${event.messageId}`,
    at: deps.clock(),
    receivedAt,
    reason: `after the transform the event has ${content.size} bytes; at most ${MAX_EVENT_BYTES} fit`,
    sourceId,
    ...content,
  });
  deps.count('EventsRejected', 1);
};
