/** The router's work on one message: the user's transform for every event, then the fan-out to the destinations. */
import type { TimingSettings } from '../../contract/settings.ts';
import { INGEST } from '../../contract/tables.ts';
import { eventBytes, parseEnvelope, type EventsEnvelope } from '../core/event/envelope.ts';
import { CALL_MARGIN } from '../core/base/limits.ts';
import {
  endedBy,
  leftForLater,
  NOTHING_SHOWN,
  triedInVain,
  type Outcome,
  type Process,
  type Processing,
} from '../core/stage/outcome.ts';
import { InfraFault } from '../core/base/faults.ts';
import type { Progress } from '../core/stage/ports.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import { unreadableMessage } from '../core/event/rejection.ts';
import {
  remember,
  withoutRepetitions,
  type Seen,
  type SeenLimits,
  type SeenIdsStore,
} from '../core/event/seen-ids.ts';
import type { Transforms } from '../core/event/transform.ts';
import {
  fanOut,
  fits,
  tooLarge,
  type FannedOut,
  type FanOutDeps,
  type Placed,
  type Tally,
} from './fan-out.ts';
import { isPlain } from './parts.ts';
import { toTransform, verdictsOn, withRefused } from './planned.ts';
import { hashesFrom } from './taken.ts';
import type { PlanJudge } from './tracking-plan.ts';

export type { Destination } from './fan-out.ts';

export interface Deduplication {
  readonly store: SeenIdsStore;
  readonly limits: SeenLimits;
  readonly warn: (message: string, error: unknown) => void;
}

export interface RouterDeps extends FanOutDeps {
  readonly transforms: Transforms;
  /** No user code runs: what is made of a message is the same the next time. Default: it may be other. */
  readonly isPure?: boolean;
  readonly timing: Pick<TimingSettings, 'routerTimeout'>;
  /** By the sources' ids; absent: no source has a tracking plan. */
  readonly plans?: ReadonlyMap<string, PlanJudge>;
  /** Undefined: off, and nothing is read or written for it. */
  readonly deduplication?: Deduplication | undefined;
}

/**
 * The time that must be left before a message is begun: it is charged, an event is transformed, the parts are sent, and what came of it
 * recorded; deduplication reads once and writes once. A router with a short timeout makes do with a part of it, or it could
 * begin nothing.
 * @param transformTimeout the longest that one event may take
 * @returns milliseconds
 */
export const roomForMessage = (
  { routerTimeout }: Pick<TimingSettings, 'routerTimeout'>,
  deduplicates = false,
  transformTimeout = 0,
): number => Math.min((deduplicates ? 5 : 3) * CALL_MARGIN, routerTimeout * 0.5) + transformTimeout;

/** What must be left when the last event has been transformed: the parts are sent, and what came of it recorded. */
const roomToSend = (
  { routerTimeout }: Pick<TimingSettings, 'routerTimeout'>,
  deduplicates: boolean,
): number => Math.min((deduplicates ? 3 : 2) * CALL_MARGIN, routerTimeout * 0.35);

/**
 * @returns the stage's work; the message is done when every destination's queue has taken all of its part. What only some of them
 *   took does not count as delivered: a router that cannot reach one destination must not look healthy.
 */
export const router = (deps: RouterDeps): Process => {
  const process: Process = async (message, processing) => {
    const envelope = parseEnvelope(message.body);
    switch (envelope?.kind) {
      case undefined:
        return keepUnreadable(message, processing, deps);
      case 'rejected': {
        const { sourceId, receivedAt, reason, body, sha256, size, count } = envelope;
        const content = { body, sha256, size, ...(count === undefined ? {} : { count }) };
        const record = { stage: INGEST, id: message.id, at: deps.clock(), receivedAt, reason, sourceId };
        await deps.rejections.save({ ...record, ...content });
        // Ingest rejected it. It counts as filtered out: a stream of nothing but bad events must not look like a stage that stands still.
        return { kind: 'done', shown: { ...NOTHING_SHOWN, filtered: 1 } };
      }
      case 'events':
        return route(message, envelope, processing, deps);
    }
  };
  // The destinations' queues do not take a message twice within five minutes.
  return deps.isPure === true ? Object.assign(process, { isRepeatable: true as const }) : process;
};

const keepUnreadable = async (
  message: IncomingMessage,
  { isTrial }: Processing,
  { stage, rejections, clock, count }: RouterDeps,
): Promise<Outcome> => {
  const left = leftForLater(message.body);
  if (left !== undefined) return left;
  const rejection = unreadableMessage(stage, message, clock());
  if (isTrial) return { ...triedInVain(rejection.reason), shown: NOTHING_SHOWN };
  await rejections.save(rejection);
  count('EventsRejected', 1);
  return { kind: 'done', shown: { ...NOTHING_SHOWN, rejected: 1, rejection: rejection.reason } };
};

/**
 * Takes the events from the one on at which the last attempt stopped. Where the transform needs more time than there is, what it has
 * made so far is sent on, and the next attempt continues behind it. A trial stops at an event that would be rejected.
 */
const route = async (
  message: IncomingMessage,
  envelope: EventsEnvelope,
  { attempt, timeLeft, isTrial }: Processing,
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
  const plan = verdictsOn(events, deps.plans?.get(sourceId));
  const run = await transforms.run({
    sourceId,
    receivedAt,
    events: toTransform(events, plan),
    time: timeLeft() - transforms.timeout - roomToSend(timing, deduplication !== undefined),
  });
  if (run.ended?.kind === 'crash') return { kind: 'crash', crash: run.ended.crash, shown: NOTHING_SHOWN };
  const whole = withRefused(events, run.made, plan);
  const end = isTrial ? whole.findIndex((outputs) => !outputs.every(fits)) : -1;
  const made = end === -1 ? whole : whole.slice(0, end);
  const isWhole =
    isPlain(message, envelope) &&
    made.length === all.length &&
    made.every((outputs, i) => outputs.length === 1 && outputs[0] === all[i]);
  const shown: Tally = { ...NOTHING_SHOWN };
  const next = events[made.length]?.place ?? all.length;
  const before = attempt?.progress?.taken ?? {};
  let ahead: Progress['taken'];
  try {
    const finished = events.slice(0, made.length);
    const sent =
      made.length > 0
        ? await fanOut(
            message,
            envelope,
            finished,
            made,
            { first: start, before, isWhole, plan },
            deps,
            shown,
          )
        : { routed: [], taken: before };
    if (sent.failed !== undefined)
      return { ...endedBy(sent.failed[0]), ...heldAt(start, before, sent), shown };
    ahead = beyond(next - start, sent.taken);
    if (deduplication !== undefined && seen !== undefined) {
      const known = remember(seen, message, sent.routed, deduplication.limits);
      if (known !== undefined) await save(message.groupId, known, deduplication);
    }
  } catch (error) {
    return { ...endedBy(error), shown };
  }
  const repetitions = left.filter(({ event, place }) => place < next && !fresh.has(event)).length;
  if (repetitions > 0) count('EventsDuplicate', repetitions);
  shown.filtered += repetitions;
  const progress =
    next === start ? {} : { progress: { events: next, ...(ahead === undefined ? {} : { taken: ahead }) } };
  const large = whole[made.length]?.find((output) => !fits(output));
  if (large !== undefined) return { ...triedInVain(tooLarge(eventBytes(large))), ...progress, shown };
  return run.ended === undefined ? { kind: 'done', shown } : { kind: 'stopped', ...progress, shown };
};

/** What queues have taken of the message beyond its next events. */
const beyond = (events: number, taken: FannedOut['taken']): Progress['taken'] => {
  const ahead = Object.entries(taken)
    .map(([id, hashes]) => [id, hashesFrom(hashes, events)] as const)
    .filter(([, hashes]) => hashes !== '');
  return ahead.length === 0 ? undefined : Object.fromEntries(ahead);
};

/**
 * Some queue did not take its part. The message stays where it was, so that its events are transformed again, and what the others have
 * taken is kept with it. Nothing is, when that is what is known already: a record would be a write for each attempt.
 */
const heldAt = (
  start: number,
  before: NonNullable<Progress['taken']>,
  { taken }: Pick<FannedOut, 'taken'>,
): { readonly progress?: Progress } => {
  const isNew = Object.entries(taken).some(([id, hashes]) => hashes !== before[id]);
  return isNew ? { progress: { events: start, taken: { ...before, ...taken } } } : {};
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
