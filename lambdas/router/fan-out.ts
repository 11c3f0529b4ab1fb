/** Sends what the router has made of a message's events to the queues of the destinations that take them. */
import { allDone } from '../core/base/all-done.ts';
import { stringify } from '../core/base/exact-json.ts';
import { withWishes } from '../core/event/archive-line.ts';
import { eventBytes, type EventsEnvelope } from '../core/event/envelope.ts';
import type { SluiceEvent } from '../core/event/event.ts';
import { MAX_EVENT_BYTES } from '../core/base/limits.ts';
import type { Shown } from '../core/stage/outcome.ts';
import { AccessFault } from '../core/base/faults.ts';
import type { Clock } from '../core/base/clock.ts';
import type { IncomingMessage, OutgoingMessage } from '../core/base/messages.ts';
import type { RejectionStore } from '../core/event/ports.ts';
import { kept, rejectionId } from '../core/event/rejection.ts';
import { asItCame, handOn, layOut, type Made, type Part } from './parts.ts';
import { isRefused, type PlanVerdicts } from './planned.ts';
import { withheldBy, type DestinationRules } from './recipients.ts';
import { commonEvents, hashesOf } from './taken.ts';

export interface Destination {
  readonly id: string;
  /** Ids of the sources that it takes; undefined: all. */
  readonly sources: readonly string[] | undefined;
  /** Which of their events it does not get. Absent: it gets all of them. */
  readonly rules?: DestinationRules;
  /** It is told what events said of who may get them when they were accepted. Absent: no. */
  readonly isArchive?: boolean;
  /** Resolves when the destination's queue has taken the message. @throws InfraFault, MessageRefused */
  readonly send: (message: OutgoingMessage) => Promise<void>;
}

export interface FanOutDeps {
  readonly stage: string;
  readonly destinations: readonly Destination[];
  readonly rejections: RejectionStore;
  readonly clock: Clock;
  readonly count: (
    metric: 'EventsRouted' | 'EventsFiltered' | 'EventsRejected' | 'EventsDuplicate' | 'EventsViolatingPlan',
    events: number,
  ) => void;
}

/** An event, and where in its message it stands. */
export interface Placed {
  readonly event: SluiceEvent;
  readonly place: number;
}

/** What the attempt has shown so far. */
export type Tally = { -readonly [K in keyof Shown]: Shown[K] };

export const fits = (event: SluiceEvent): boolean => eventBytes(event) <= MAX_EVENT_BYTES;
export const tooLarge = (size: number): string =>
  `after the transform the event has ${size} bytes; at most ${MAX_EVENT_BYTES} fit`;

export interface FannedOut {
  /** The events without a rejected output. */
  readonly routed: readonly SluiceEvent[];
  /** By destination: the hashes of the events that its queue has taken, from the first one that is left on; see `taken.ts`. */
  readonly taken: Readonly<Record<string, string>>;
  /** What some queue did not take it with. Of several, the one that names what an operator has to change. */
  readonly failed?: readonly [unknown];
}

interface Left {
  readonly first: number;
  readonly before: FannedOut['taken'];
  readonly isWhole: boolean;
  /** What the source's tracking plan said of the events that violate it. */
  readonly plan?: PlanVerdicts;
}

/**
 * @param made of each of `finished`, in order
 * @param left `first`: the place of the message's first event that is left; `before`: `taken` of the last attempt, since a queue does
 *   not get again what it has taken; `isWhole`: what was made is all of the message as it came; `plan`: nothing was made of what it rejects
 * @param shown is added to, also when it throws
 * @throws InfraFault, MessageRefused when a record could not be written
 */
export const fanOut = async (
  message: IncomingMessage,
  envelope: EventsEnvelope,
  finished: readonly Placed[],
  made: readonly (readonly SluiceEvent[])[],
  { first, before, isWhole, plan = new Map() }: Left,
  deps: FanOutDeps,
  shown: Tally,
): Promise<FannedOut> => {
  const { sourceId, receivedAt } = envelope;
  // The user's code made it larger than a queue takes. Trying again would not help, and its neighbours are fine.
  const fitting = isWhole ? made : made.map((outputs) => outputs.filter(fits));
  const allFit = (i: number): boolean => fitting[i]?.length === made[i]?.length;
  for (const [i, { place }] of finished.entries()) {
    for (const [index, output] of allFit(i) ? [] : (made[i] ?? []).entries()) {
      if (fits(output)) continue;
      shown.rejection = await keepTooLarge(message, { output, place, index }, { sourceId, receivedAt }, deps);
      shown.rejected += 1;
    }
  }
  const refused = finished.filter(({ place }) => isRefused(plan.get(place)));
  for (const { event, place } of refused) {
    const reason = plan.get(place)?.reason ?? '';
    await keep(message, { output: event, place, index: 0 }, reason, { sourceId, receivedAt }, deps);
  }

  const small = finished.flatMap(({ event: accepted, place }, i) =>
    (fitting[i] ?? []).map((output): Made => ({ accepted, output, place })),
  );
  const whole = isWhole ? asItCame(message) : undefined;
  const end = (finished.at(-1)?.place ?? first - 1) + 1;
  const takers = deps.destinations
    .filter(({ sources }) => sources?.includes(sourceId) ?? true)
    .map((taker) => ({
      taker,
      own: outputsFor(taker, small, plan),
      // From the archive nothing is withheld.
      withheld: withheldBy(taker, taker.isArchive === true ? [] : small, plan),
    }));
  // Where one fails the others are still waited for: nothing may be under way when the function has answered.
  const sent = await allDone(
    takers.map(async ({ taker, own, withheld }): Promise<Sent> => {
      const taken = before[taker.id] ?? '';
      const from = first + (taken === '' ? 0 : commonEvents(taken, hashesOf(own, first, end)));
      const known = own.filter(({ place }) => place < from).length;
      const parts =
        whole !== undefined && known === 0
          ? handOn(whole, envelope, own, withheld.outputs)
          : layOut(message, envelope, own.slice(known), withheld.outputs);
      return { ...(await sendInOrder(taker, parts, { known, from, end })), own };
    }),
  );
  // What all had taken before this attempt was delivered by an earlier one.
  const known = Math.min(small.length, ...sent.map((queue) => queue.known));
  const isWanted = ({ output }: Made): boolean =>
    takers.some(({ taker, withheld }) => taker.isArchive !== true && !withheld.outputs.has(output));
  const byAll = small.slice(known, Math.min(small.length, ...sent.map((queue) => queue.outputs)));
  shown.delivered += byAll.filter(isWanted).length;
  const takenBy = (queues: readonly Sent[]): FannedOut['taken'] =>
    Object.fromEntries(
      queues.flatMap(({ id, place, own }) => {
        const now = hashesOf(own, first, place);
        const earlier = before[id] ?? '';
        // What an earlier attempt had time for, and this one had not.
        const taken = earlier.startsWith(now) ? earlier : now;
        return taken === '' ? [] : [[id, taken]];
      }),
    );
  const routed = finished.filter((one, i) => allFit(i) && !refused.includes(one)).map(({ event }) => event);
  const errors = sent.flatMap(({ failed = [] }) => failed);
  if (errors.length > 0) {
    const failed = [errors.find((error) => error instanceof AccessFault) ?? errors[0]] as const;
    return { routed, taken: takenBy(sent), failed };
  }

  const wanted = small.filter(isWanted).length;
  const filtered = made.filter(({ length }) => length === 0).length + small.length - wanted;
  // What the plan rejects is a fault of the sender's: as of what ingest rejected, a stream of it must not look like a stage that stands still.
  shown.filtered += filtered;
  const filteredOut = filtered - refused.length;
  const violating = finished.filter(({ place }) => plan.has(place)).length;
  if (wanted > 0) deps.count('EventsRouted', wanted);
  if (filteredOut > 0) deps.count('EventsFiltered', filteredOut);
  if (violating > 0) deps.count('EventsViolatingPlan', violating);
  for (const { taker, withheld } of takers)
    if (withheld.outputs.size > 0) taker.rules?.count(withheld.counts);
  return { routed, taken: Object.keys(before).length === 0 ? {} : takenBy(sent) };
};

interface Sent {
  readonly id: string;
  /** Outputs of this attempt that the queue had taken before it ... */
  readonly known: number;
  /** ... and has taken now, those included. */
  readonly outputs: number;
  /** Up to which event. */
  readonly place: number;
  /** The outputs as it gets them. */
  readonly own: readonly Made[];
  /** What the next part failed with. */
  readonly failed?: readonly [unknown];
}

const outputsFor = (
  { isArchive }: Destination,
  made: readonly Made[],
  plan: PlanVerdicts,
): readonly Made[] => {
  if (isArchive !== true) return made;
  return made.map((one) => {
    const onViolation = plan.get(one.place)?.onViolation;
    const only = typeof onViolation === 'object' ? onViolation.only : undefined;
    return { ...one, output: withWishes(one.accepted, one.output, only) };
  });
};

const sendInOrder = async (
  { id, send }: Destination,
  parts: readonly Part[],
  { known, from, end }: { readonly known: number; readonly from: number; readonly end: number },
): Promise<Omit<Sent, 'own'>> => {
  let outputs = known;
  for (const part of parts) {
    try {
      if (part.message !== undefined) await send(part.message);
    } catch (error) {
      return { id, known, outputs, place: outputs === known ? from : part.resumeAt, failed: [error] };
    }
    outputs += part.outputs;
  }
  return { id, known, outputs, place: Math.max(from, end) };
};

interface Kept {
  readonly output: SluiceEvent;
  readonly place: number;
  readonly index: number;
}
type Header = Pick<EventsEnvelope, 'sourceId' | 'receivedAt'>;

/** @returns the reason */
const keepTooLarge = async (
  message: IncomingMessage,
  one: Kept,
  header: Header,
  deps: FanOutDeps,
): Promise<string> => {
  const reason = tooLarge(eventBytes(one.output));
  await keep(message, one, reason, header, deps);
  return reason;
};

const keep = async (
  message: IncomingMessage,
  { output, place, index }: Kept,
  reason: string,
  { sourceId, receivedAt }: Header,
  deps: FanOutDeps,
): Promise<void> => {
  const content = kept(stringify(output));
  await deps.rejections.save({
    stage: deps.stage,
    id: rejectionId(message, place, index, content),
    at: deps.clock(),
    receivedAt,
    reason,
    sourceId,
    ...content,
  });
  deps.count('EventsRejected', 1);
};
