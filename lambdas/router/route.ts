/** The router's work on one message: the user's transform for every event, then the fan-out to the destinations. */
import type { ResolvedTiming } from '../../config/schema.ts';
import { allDone } from '../core/all-done.ts';
import { fingerprint } from '../core/deduplication.ts';
import { eventBytes, pack, parseEnvelope, type EventsEnvelope } from '../core/envelope.ts';
import type { SluiceEvent } from '../core/event.ts';
import { CALL_MARGIN, MAX_EVENT_BYTES } from '../core/limits.ts';
import type { Outcome, Process, Processing } from '../core/outcome.ts';
import {
  InfraFault,
  type Clock,
  type IncomingMessage,
  type OutgoingMessage,
  type RejectionStore,
} from '../core/ports.ts';
import { kept, rejectionId, unreadableMessage } from '../core/rejection.ts';
import { remember, withoutRepetitions, type Seen, type SeenLimits, type SeenStore } from '../core/seen.ts';
import type { Transforms } from '../core/transform.ts';

export interface Destination {
  readonly id: string;
  /** Ids of the sources that it takes; undefined: all. */
  readonly sources: readonly string[] | undefined;
  /** Resolves when the destination's queue has taken the message. @throws InfraFault, MessageRefused */
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
  readonly transforms: Transforms;
  readonly timing: Pick<ResolvedTiming, 'routerTimeout'>;
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
 * The time that must be left before a message is begun: it is charged, an event is transformed, the parts are sent, and what came of it
 * recorded; deduplication reads once and writes once. A router with a short timeout makes do with a part of it, or it could
 * begin nothing.
 * @param transformTimeout the longest that one event may take
 * @returns milliseconds
 */
export const roomForMessage = (
  { routerTimeout }: Pick<ResolvedTiming, 'routerTimeout'>,
  deduplicates = false,
  transformTimeout = 0,
): number => Math.min((deduplicates ? 5 : 3) * CALL_MARGIN, routerTimeout * 0.5) + transformTimeout;

/** What must be left when the last event has been transformed: the parts are sent, and what came of it recorded. */
const roomToSend = (
  { routerTimeout }: Pick<ResolvedTiming, 'routerTimeout'>,
  deduplicates: boolean,
): number => Math.min((deduplicates ? 3 : 2) * CALL_MARGIN, routerTimeout * 0.35);

/** @returns the stage's work; the message is done when every destination's queue has taken all of its part */
export const router = (deps: RouterDeps): Process => {
  return async (message, processing) => {
    const envelope = parseEnvelope(message.body);
    switch (envelope?.kind) {
      case undefined:
        await deps.rejections.save(unreadableMessage(deps.stage, message, deps.clock()));
        deps.count('EventsRejected', 1);
        return { kind: 'done' };
      case 'rejected': {
        const { sourceId, receivedAt, reason, body, sha256, size, count } = envelope;
        const content = { body, sha256, size, ...(count === undefined ? {} : { count }) };
        const record = { stage: 'ingest', id: message.id, at: deps.clock(), receivedAt, reason, sourceId };
        await deps.rejections.save({ ...record, ...content });
        return { kind: 'done' };
      }
      case 'events':
        return route(message, envelope, processing, deps);
    }
  };
};

/** An event, and where in its message it stands. */
interface Placed {
  readonly event: SluiceEvent;
  readonly place: number;
}

/**
 * Takes the events from the one on at which the last attempt stopped. Where the transform needs more time than there is, what it has
 * made so far is sent on, and the next attempt continues behind it.
 */
const route = async (
  message: IncomingMessage,
  envelope: EventsEnvelope,
  { attempt, timeLeft }: Processing,
  deps: RouterDeps,
): Promise<Outcome> => {
  const { deduplication, transforms, timing, count } = deps;
  const seen = await deduplication?.store.read(message.groupId);
  const all = envelope.events;
  const start = attempt?.progress?.events ?? 0;
  const left = all.map((event, place): Placed => ({ event, place })).slice(start);
  const fresh = new Set(
    deduplication === undefined || seen === undefined || envelope.replay === true
      ? all
      : withoutRepetitions(seen, message, all, deduplication.limits),
  );
  const events = left.filter(({ event }) => fresh.has(event));
  const { sourceId, receivedAt } = envelope;
  const run = await transforms.run({
    sourceId,
    receivedAt,
    events: events.map(({ event }) => event),
    time: timeLeft() - transforms.timeout - roomToSend(timing, deduplication !== undefined),
  });
  if (run.ended?.kind === 'crash') return { kind: 'crash', crash: run.ended.crash };
  const finished = events.slice(0, run.made.length);
  const routed = run.made.length > 0 ? await fanOut(message, envelope, finished, run.made, deps) : [];
  if (deduplication !== undefined && seen !== undefined) {
    const known = remember(seen, message, routed, deduplication.limits);
    if (known !== undefined) await save(message.groupId, known, deduplication);
  }
  const next = events[run.made.length]?.place ?? all.length;
  const repetitions = left.filter(({ event, place }) => place < next && !fresh.has(event)).length;
  if (repetitions > 0) count('EventsDuplicate', repetitions);
  if (run.ended === undefined) return { kind: 'done' };
  return next === start ? { kind: 'stopped' } : { kind: 'stopped', progress: { events: next } };
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

/** @param made of each of `finished`, in order @returns the events of which nothing was rejected */
const fanOut = async (
  message: IncomingMessage,
  { sourceId, receivedAt }: EventsEnvelope,
  finished: readonly Placed[],
  made: readonly (readonly SluiceEvent[])[],
  deps: RouterDeps,
): Promise<readonly SluiceEvent[]> => {
  const fits = (event: SluiceEvent) => eventBytes(event) <= MAX_EVENT_BYTES;
  const outputs = made.flat();
  const routed = finished.filter((_, i) => made[i]?.every(fits)).map(({ event }) => event);
  const filtered = made.filter(({ length }) => length === 0).length;
  // The user's code made it larger than a queue takes. Trying again would not help, and its neighbours are fine.
  for (const [i, { place }] of finished.entries()) {
    for (const [index, output] of (made[i] ?? []).entries())
      if (!fits(output))
        await keepTooLarge(message, { output, place, index }, { sourceId, receivedAt }, deps);
  }

  const small = outputs.filter(fits);
  const parts = pack({ sourceId, receivedAt }, small);
  const takers = deps.destinations.filter(({ sources }) => sources?.includes(sourceId) ?? true);
  // Where one fails the others are still waited for: nothing may be under way when the function has answered.
  await allDone(
    takers.map(async ({ send }) => {
      for (const [i, { body }] of parts.entries()) {
        // The body is part of the id: after a change of the transform the same part may hold other events, which SQS
        // must not take for a duplicate. So is the place: two attempts may make the same of two events of the message.
        const deduplicationId = fingerprint([message.id, finished[0]?.place ?? 0, i, body]);
        await send({ groupId: message.groupId, deduplicationId, body });
      }
    }),
  );
  if (small.length > 0) deps.count('EventsRouted', small.length);
  if (filtered > 0) deps.count('EventsFiltered', filtered);
  return routed;
};

const keepTooLarge = async (
  message: IncomingMessage,
  { output, place, index }: { readonly output: SluiceEvent; readonly place: number; readonly index: number },
  { sourceId, receivedAt }: Pick<EventsEnvelope, 'sourceId' | 'receivedAt'>,
  deps: RouterDeps,
): Promise<void> => {
  const content = kept(JSON.stringify(output));
  await deps.rejections.save({
    stage: deps.stage,
    id: rejectionId(message, place, index, content),
    at: deps.clock(),
    receivedAt,
    reason: `after the transform the event has ${content.size} bytes; at most ${MAX_EVENT_BYTES} fit`,
    sourceId,
    ...content,
  });
  deps.count('EventsRejected', 1);
};
