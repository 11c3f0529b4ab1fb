/**
 * `replay`: archived events are sent to a destination again, by parking them there. A request makes one slice, and says how to continue; the
 * position is stored when the slice is parked, so that one that was cut off is made again, with the same places.
 */
import * as v from 'valibot';
import type { ControlAnswer } from '../../../contract/operations.ts';
import type { ReplayView } from '../../../contract/operator-views.ts';
import { BadCursor } from '../../core/base/faults.ts';
import type { ControlDeps } from '../ports.ts';
import type { Archive, Position, ReplayRecord, Selection } from '../../core/stage/replay-port.ts';
import { chooser, makeSlice, type Slice } from '../replay/slice.ts';
import { done, refuse, type Found } from './answer.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import * as fields from './fields.ts';

type Request = Requests['replay'];

const HOUR = 3_600_000;

const NO_ARCHIVE =
  'replay: the pipeline has no archive; write `archive: {}` into its configuration and deploy it: what is accepted from then on can be replayed';

const CUT =
  'the archive has more of the time at which this replay is than one run of control can read; try again, and if it stays here, give its function more memory';

const recipientOf = ({ destinations }: Archive, stage: string) => destinations.find(({ id }) => id === stage);

/** Sorts by time, is a part of places, and is read aloud. */
const newReplayId = (now: number, random: string): string =>
  `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase()}-${random
    .replaceAll(/[^a-z0-9]/gi, '')
    .slice(0, 6)
    .toLowerCase()}`;

const NO_COUNTS = { events: 0, messages: 0, withheld: 0, erased: 0 };

interface Beginning {
  readonly stage: string;
  readonly selection: Selection;
  readonly end: number;
  readonly position: Position;
}

/** What a request that names no replay asks for. */
const beginningOf = (request: Request, archive: Archive, now: number): Found<Beginning> => {
  const { stage, from, to, late = HOUR, source, event, userId, anonymousId } = request;
  if (stage === undefined) return refuse('stage: is missing; name the destination');
  if (recipientOf(archive, stage) === undefined) {
    const known = archive.destinations.map(({ id }) => id).join(', ');
    return refuse(`stage: events can be replayed to a destination alone: ${known}`);
  }
  if (from === undefined) return refuse('from: is missing; say from when on events were accepted');
  const [first, last] = [Date.parse(from), to === undefined ? now : Date.parse(to)];
  if (!(first < last)) return refuse('to: is not after from');
  const selection: Selection = {
    from: first,
    to: last,
    ...(source === undefined ? {} : { source }),
    ...(event === undefined ? {} : { event }),
    ...(userId === undefined ? {} : { userId }),
    ...(anonymousId === undefined ? {} : { anonymousId }),
  };
  return { ok: true, value: { stage, selection, end: Math.min(now, last + late), position: { at: first } } };
};

const viewOf = (
  { selection, end }: Pick<ReplayRecord, 'selection' | 'end'>,
  position: Position,
  counts: ReplayRecord['counts'],
): ReplayView => ({
  ...counts,
  isDone: position.at >= end,
  from: selection.from,
  at: position.at,
  end,
});

const position = v.object({
  at: v.number(),
  until: v.exactOptional(v.number()),
  after: v.exactOptional(v.string()),
});

/** @throws BadCursor */
const readCursor = (cursor: string): Position => {
  try {
    return v.parse(position, JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (error) {
    throw new BadCursor({ cause: error });
  }
};

const sampleOf = ({ sample }: Slice): NonNullable<ReplayView['sample']> =>
  sample.map((text) => {
    const { messageId, type, receivedAt } = JSON.parse(text) as Record<string, string>;
    return {
      messageId: messageId ?? '',
      ...(type === undefined ? {} : { type }),
      ...(receivedAt === undefined ? {} : { receivedAt }),
    };
  });

/** As many as a slice has time for. */
const slice = (
  deps: ControlDeps,
  archive: Archive,
  { stage, selection, end }: Omit<Beginning, 'position'>,
  from: Position,
  { limit = Infinity }: Request,
  replay?: string,
): Promise<Slice> => {
  const { parking, clock, uuid, timeLeft } = deps;
  const { files, erasures, functionTime } = archive;
  const recipient = recipientOf(archive, stage) ?? { id: stage };
  const park = replay === undefined ? undefined : { stage, replay, parking, clock, uuid, functionTime };
  return makeSlice(from, end, chooser(selection, recipient, replay), limit, park, {
    files,
    erasures,
    clock,
    timeLeft,
  });
};

const dryRun = async (
  deps: ControlDeps,
  archive: Archive,
  request: Request,
): Promise<ControlAnswer<'replay'>> => {
  const begun = beginningOf(request, archive, deps.clock());
  if (!begun.ok) return begun;
  const { position: first } = begun.value;
  const from = request.cursor === undefined ? first : readCursor(request.cursor);
  const made = await slice(deps, archive, begun.value, from, request);
  if (made.isCut && made.position.at === from.at) return refuse(CUT);
  const view = viewOf(begun.value, made.position, made.counts);
  const cursor = Buffer.from(JSON.stringify(made.position)).toString('base64url');
  return done<'replay'>({ ...view, sample: sampleOf(made), ...(view.isDone ? {} : { cursor }) });
};

const begin = (deps: ControlDeps, archive: Archive, request: Request): Found<ReplayRecord> => {
  const now = deps.clock();
  const begun = beginningOf(request, archive, now);
  if (!begun.ok) return begun;
  const id = newReplayId(now, deps.newId());
  const by = deps.by === undefined ? {} : { by: deps.by };
  return { ok: true, value: { id, ...begun.value, counts: NO_COUNTS, startedAt: now, ...by, rev: 0 } };
};

/** @throws InfraFault; the slice is made again by the next request */
const proceed = async (
  deps: ControlDeps,
  archive: Archive,
  record: ReplayRecord,
  request: Request,
): Promise<ControlAnswer<'replay'>> => {
  const { id, counts, position: from, end } = record;
  if (from.at >= end) return done<'replay'>({ id, ...viewOf(record, from, counts) });
  const made = await slice(deps, archive, record, from, request, id);
  if (made.isCut && made.position.at === from.at && made.counts.messages + made.counts.erased === 0)
    return refuse(CUT);
  const next: ReplayRecord = {
    ...record,
    position: made.position,
    counts: {
      events: counts.events + made.counts.events,
      messages: counts.messages + made.counts.messages,
      withheld: counts.withheld + made.counts.withheld,
      erased: counts.erased + made.counts.erased,
    },
    rev: record.rev + 1,
  };
  if (!(await archive.replays.save(next)))
    return refuse(`replay: another command continues ${id} at this moment; stop one of the two`);
  return done<'replay'>({ id, ...viewOf(next, next.position, next.counts) });
};

const run = async (deps: ControlDeps, request: Request): Promise<ControlAnswer<'replay'>> => {
  const { archive } = deps;
  if (archive === undefined) return refuse(NO_ARCHIVE);
  if (request.dryRun === true) return dryRun(deps, archive, request);
  if (request.cursor !== undefined)
    return refuse('cursor: belongs to a dry run; continue a replay by its id');
  if (request.id !== undefined) {
    const record = await archive.replays.read(request.id);
    return record === undefined
      ? refuse(`id: there is no replay ${request.id}`)
      : proceed(deps, archive, record, request);
  }
  const begun = begin(deps, archive, request);
  if (!begun.ok) return begun;
  const { id, stage } = begun.value;
  // Before anything is parked: the command that began it may be gone, and it is to be continued under the same id.
  const first = { ...begun.value, rev: 1 };
  if (!(await archive.replays.save(first))) return refuse('replay: try again');
  deps.log('warn', 'an operator began a replay', { id, stage });
  return done<'replay'>({ id, ...viewOf(first, first.position, first.counts) });
};

const time = v.pipe(
  v.string('expected a time'),
  v.isoTimestamp('expected a time such as 2026-11-22T10:00:00.000Z'),
);

const count = (most: number) =>
  v.pipe(
    v.number('expected a number'),
    v.integer('expected a whole number'),
    v.minValue(1, 'at least 1'),
    v.maxValue(most, `at most ${most}`),
  );

export const replay: Command<'replay'> = {
  schema: requestSchema('replay', {
    stage: v.exactOptional(fields.stage),
    from: v.exactOptional(time),
    to: v.exactOptional(time),
    source: v.exactOptional(fields.text('the id of a source')),
    event: v.exactOptional(fields.text('the name of an event')),
    userId: v.exactOptional(fields.text("the user's userId, as the source sent it")),
    anonymousId: v.exactOptional(fields.text("the user's anonymousId, as the source sent it")),
    late: v.exactOptional(count(31 * 24 * HOUR)),
    id: v.exactOptional(fields.text('the id of a replay')),
    limit: v.exactOptional(count(1_000_000)),
    dryRun: v.exactOptional(v.boolean('expected true or false')),
    cursor: fields.page.cursor,
  }),
  run,
};
