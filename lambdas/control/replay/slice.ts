/** A slice of a replay: what one run of control has time for. `core/stage/replay.ts` has the steps of parking. */
import type { ArchiveBundle } from '../../../contract/bundle.ts';
import { allDone } from '../../core/base/all-done.ts';
import type { Clock } from '../../core/base/clock.ts';
import { CALL_MARGIN } from '../../core/base/limits.ts';
import { marked, type ReadLine } from '../../core/event/archive-line.ts';
import { toEventText } from '../../core/event/envelope.ts';
import { judgeOf } from '../../core/event/recipients.ts';
import { isOf } from '../../core/event/subject.ts';
import type { ParkingStore } from '../../core/stage/parking-port.ts';
import { parkReplayed, replaySortOf, toParked, type ReplayParking } from '../../core/stage/replay.ts';
import type {
  ArchiveFiles,
  Counts,
  ErasureStore,
  Position,
  Selection,
} from '../../core/stage/replay-port.ts';
import { Erased } from './erased.ts';
import { toMessages, without, type CountedMessage } from './messages.ts';
import { readPart, type WindowOptions } from './window.ts';

/** Bytes of events that are held at a time. */
const BUDGET = 16 * 1024 * 1024;

/** Messages that are parked between two looks at the time; those of one key one after another. */
const STEP = 100;

/** Events that a dry run shows. */
const SAMPLE = 3;

/** What must be left to begin a step, and to save how far it has come; milliseconds. */
export const ROOM = 2 * CALL_MARGIN;

export interface SliceDeps {
  readonly files: ArchiveFiles;
  readonly erasures: Pick<ErasureStore, 'since'>;
  readonly clock: Clock;
  readonly timeLeft: () => number;
  readonly budget?: number;
}

export interface Slice {
  readonly position: Position;
  readonly counts: Counts;
  /** The texts of the first events. */
  readonly sample: readonly string[];
  /** There was no time to read on. */
  readonly isCut: boolean;
}

type Recipient = ArchiveBundle['destinations'][number];

/** The tracking plan of its source may send it to some destinations alone. */
const mayGet = ({ id }: Recipient, { only }: ReadLine): boolean => only?.includes(id) ?? true;

/** @param replay its id; undefined: events are as they were archived */
export const chooser = (
  { from, to, source, event: name, userId, anonymousId }: Selection,
  recipient: Recipient,
  replay: string | undefined,
): Pick<WindowOptions, 'pick' | 'mayBe'> => {
  const judge = judgeOf(recipient);
  const isPerson = userId !== undefined || anonymousId !== undefined;
  const isMeant = (line: ReadLine): boolean => {
    const received = Date.parse(line.receivedAt);
    if (!(received >= from && received < to)) return false;
    if (source !== undefined && line.source !== source) return false;
    if (name !== undefined && line.event['event'] !== name) return false;
    return !isPerson || isOf(line.event, { sourceId: line.source, userId, anonymousId });
  };
  const texts = [source, name].flatMap((text) => (text === undefined ? [] : [JSON.stringify(text)]));
  return {
    mayBe: (text) => texts.every((one) => text.includes(one)),
    pick: (line) => {
      if (!isMeant(line)) return 'skip';
      const takes = (recipient.sources?.includes(line.source) ?? true) && mayGet(recipient, line);
      if (!takes || judge(line.accepted, line.event) !== undefined) return 'withheld';
      return { text: toEventText(replay === undefined ? line.event : marked(line.event, replay)) };
    },
  };
};

/** Where a message stands in its part. */
const placeOf = (message: CountedMessage): string => `${message.key}#${replaySortOf('', message)}`;

/** How the messages of a slice are parked. */
export interface SliceParking extends ReplayParking {
  readonly parking: ReplayParking['parking'] & Pick<ParkingStore, 'deleteMessage' | 'saveMessage'>;
}

/**
 * @param limit events, at most about
 * @param park undefined: they are counted only
 * @throws InfraFault; the same slice is to be made again
 */
export const makeSlice = async (
  position: Position,
  end: number,
  choice: Pick<WindowOptions, 'pick' | 'mayBe'>,
  limit: number,
  park: SliceParking | undefined,
  { files, erasures, clock, timeLeft, budget = BUDGET }: SliceDeps,
): Promise<Slice> => {
  let at = position;
  let [events, messages, withheld, leftOut] = [0, 0, 0, 0];
  const erased = new Erased(erasures, clock);
  const sample: string[] = [];
  const hasTime = (): boolean => timeLeft() >= ROOM;
  const slice = (isCut: boolean): Slice => ({
    position: at,
    counts: { events, messages, withheld, erased: leftOut },
    sample,
    isCut,
  });
  while (at.at < end && hasTime() && events < limit) {
    const { until, after } = at;
    // What is read again had room when it was read first.
    const options = { ...choice, budget: until === undefined ? budget : Infinity, hasTime };
    const part = await readPart(files, at.at, until ?? end, options);
    if (part.until <= at.at || part.until < (until ?? 0)) return slice(true);
    const all = toMessages(part.found).map((message) => ({ message, place: placeOf(message) }));
    const left = all.filter(({ place }) => after === undefined || place > after).sort(byPlace);
    let parked = 0;
    while (parked < left.length && events < limit && hasTime()) {
      const step = stepOf(left.slice(parked, parked + STEP), limit - events);
      const meant = step.map(({ message }) => message);
      const kept = (await parkUnlessErased(meant, erased, park)).filter(({ found }) => found.length > 0);
      sample.push(...textsOf(kept).slice(0, SAMPLE - sample.length));
      parked += step.length;
      messages += kept.length;
      events += textsOf(kept).length;
      leftOut += textsOf(meant).length - textsOf(kept).length;
    }
    const place = left[parked - 1]?.place ?? after;
    if (parked < left.length) {
      at = { at: at.at, until: part.until, ...(place === undefined ? {} : { after: place }) };
      return slice(false);
    }
    withheld += part.withheld;
    at = { at: part.until };
  }
  return slice(false);
};

/** As many as have that number of events together, or the first. */
const stepOf = <T extends { readonly message: CountedMessage }>(
  messages: readonly T[],
  limit: number,
): readonly T[] => {
  let events = 0;
  const end = messages.findIndex(({ message }) => (events += message.found.length) >= limit);
  return end === -1 ? messages : messages.slice(0, end + 1);
};

const byPlace = (a: { readonly place: string }, b: { readonly place: string }): number =>
  a.place < b.place ? -1 : 1;

const textsOf = (messages: readonly CountedMessage[]): readonly string[] =>
  messages.flatMap(({ found }) => found.map(({ text }) => text));

/**
 * Looks at the deletion list before it parks, and again afterwards: `erase` puts a person on the list before it looks through what is parked,
 * so that what was parked after that look is found here. What was parked is then parked again under its place, with less in it.
 * @param park undefined: nothing is parked
 * @returns what is left of each message
 */
const parkUnlessErased = async (
  messages: readonly CountedMessage[],
  erased: Erased,
  park: SliceParking | undefined,
): Promise<readonly CountedMessage[]> => {
  await erased.look();
  let kept = messages.map((message) => without(message, erased));
  if (park === undefined) return kept;
  await parkAll(kept, park);
  while (await erased.look()) {
    const before = kept;
    kept = kept.map((message) => without(message, erased));
    await parkAll(
      kept.filter((message, i) => message !== before[i]),
      park,
    );
  }
  return kept;
};

const parkAll = async (messages: readonly CountedMessage[], park: SliceParking): Promise<void> => {
  const keys = new Map<string, CountedMessage[]>();
  for (const message of messages) keys.set(message.key, [...(keys.get(message.key) ?? []), message]);
  await allDone(
    [...keys.values()].map(async (own) => {
      await parkReplayed(
        own.filter(({ found }) => found.length > 0),
        park,
      );
      // An earlier attempt at this slice, or at this step, may have parked all of them.
      for (const message of own.filter(({ isLess }) => isLess)) await replaceParked(message, park);
    }),
  );
};

const replaceParked = async (
  message: CountedMessage,
  { parking, stage, replay, clock }: SliceParking,
): Promise<void> => {
  const parked = toParked(message, replay, clock());
  if (message.found.length > 0) await parking.saveMessage(stage, parked);
  else await parking.deleteMessage(stage, message.key, parked.sort);
};
