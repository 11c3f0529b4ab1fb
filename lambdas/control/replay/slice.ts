/** A slice of a replay: what one run of control has time for. `core/stage/replay.ts` has the steps of parking. */
import type { ArchiveBundle } from '../../../contract/bundle.ts';
import { allDone } from '../../core/base/all-done.ts';
import { CALL_MARGIN } from '../../core/base/limits.ts';
import { marked, type ReadLine } from '../../core/event/archive-line.ts';
import { packer, toEventText } from '../../core/event/envelope.ts';
import { judgeOf } from '../../core/event/recipients.ts';
import { isOf } from '../../core/event/subject.ts';
import {
  parkReplayed,
  replaySortOf,
  type ReplayedMessage,
  type ReplayParking,
} from '../../core/stage/replay.ts';
import type { ArchiveFiles, Counts, Position, Selection } from '../../core/stage/replay-port.ts';
import { readPart, type Found, type WindowOptions } from './window.ts';

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

interface CountedMessage extends ReplayedMessage {
  readonly events: number;
}

/** Events that were archived together stay together, as far as a message has room. */
export const toMessages = (found: readonly Found[]): readonly CountedMessage[] => {
  const groups: Found[][] = [];
  for (const one of found) {
    const before = groups.at(-1)?.[0];
    const isSame =
      before?.key === one.key && before.sequence === one.sequence && before.archivedAt === one.archivedAt;
    if (isSame) groups.at(-1)?.push(one);
    else groups.push([one]);
  }
  return groups.flatMap((group) => {
    const [head] = group;
    if (head === undefined) return [];
    const { key, sequence, source: sourceId, receivedAt, archivedAt: sentAt } = head;
    return packer({ sourceId, receivedAt })(group.map(({ text }) => text)).map(({ from, to, body }) => ({
      key,
      sequence,
      first: group[from]?.place ?? 0,
      last: group[to - 1]?.place ?? 0,
      body,
      sentAt,
      events: to - from,
    }));
  });
};

/** Where a message stands in its part. */
const placeOf = (message: ReplayedMessage): string => `${message.key}#${replaySortOf('', message)}`;

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
  park: ReplayParking | undefined,
  { files, timeLeft, budget = BUDGET }: SliceDeps,
): Promise<Slice> => {
  let at = position;
  let [events, messages, withheld] = [0, 0, 0];
  const sample: string[] = [];
  const hasTime = (): boolean => timeLeft() >= ROOM;
  const slice = (isCut: boolean): Slice => ({
    position: at,
    counts: { events, messages, withheld },
    sample,
    isCut,
  });
  while (at.at < end && hasTime() && events < limit) {
    const { until, after } = at;
    // What is read again had room when it was read first.
    const options = { ...choice, budget: until === undefined ? budget : Infinity, hasTime };
    const part = await readPart(files, at.at, until ?? end, options);
    if (part.until <= at.at || part.until < (until ?? 0)) return slice(true);
    sample.push(...part.found.slice(0, SAMPLE - sample.length).map(({ text }) => text));
    const all = toMessages(part.found).map((message) => ({ message, place: placeOf(message) }));
    const left = all.filter(({ place }) => after === undefined || place > after).sort(byPlace);
    let parked = 0;
    while (parked < left.length && events < limit && hasTime()) {
      const step = stepOf(left.slice(parked, parked + STEP), limit - events);
      if (park !== undefined)
        await parkAll(
          step.map(({ message }) => message),
          park,
        );
      parked += step.length;
      messages += step.length;
      events += step.reduce((sum, { message }) => sum + message.events, 0);
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
  const end = messages.findIndex(({ message }) => (events += message.events) >= limit);
  return end === -1 ? messages : messages.slice(0, end + 1);
};

const byPlace = (a: { readonly place: string }, b: { readonly place: string }): number =>
  a.place < b.place ? -1 : 1;

const parkAll = async (messages: readonly ReplayedMessage[], park: ReplayParking): Promise<void> => {
  const keys = new Map<string, ReplayedMessage[]>();
  for (const message of messages) keys.set(message.key, [...(keys.get(message.key) ?? []), message]);
  await allDone([...keys.values()].map((own) => parkReplayed(own, park)));
};
