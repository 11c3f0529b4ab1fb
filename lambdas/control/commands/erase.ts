/**
 * `erase`: takes out what is stored of one user of a source: events in parked messages, records of rejected and discarded events, and what
 * is known of the events that came before. No record of it is kept but a line in the log. Page by page; the same request made again
 * erases what was left.
 */
import * as v from 'valibot';
import type { ControlAnswer, ErasedPage } from '../../../contract/operations.ts';
import { BadCursor } from '../../core/base/faults.ts';
import { CALL_MARGIN } from '../../core/base/limits.ts';
import { keysOf, withoutSubject, type Subject } from '../../core/event/subject.ts';
import { HEAD_SHARDS } from '../../core/stage/parking-port.ts';
import type { ControlDeps } from '../ports.ts';
import { done, refuse, stagesWithRecords } from './answer.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import { eraseKey } from './erased-key.ts';
import * as fields from './fields.ts';
import { INGEST } from '../../../contract/tables.ts';

/** Heads of parked keys, and records, that are read at the same time. */
const STEP = 10;
/** Milliseconds for a step: reads, and what removes or saves each of them. */
const MARGIN = 5 * CALL_MARGIN;

type Place =
  | { readonly kind: 'parked'; readonly stage: string; readonly shard: number }
  | { readonly kind: 'rejected'; readonly stage: string };

/** How far the request has come. */
interface Position {
  /** Of the place, in the order of the places. */
  readonly place: string;
  /** Of the page of the place. */
  readonly from?: string | undefined;
  /** The key of that page at which it stopped, and the place of its message. */
  readonly key?: string | undefined;
  readonly after?: string | undefined;
}

const position = v.object({
  place: v.string(),
  from: v.exactOptional(v.string()),
  key: v.exactOptional(v.string()),
  after: v.exactOptional(v.string()),
});

const toText = (at: Position): string => Buffer.from(JSON.stringify(at)).toString('base64url');

/** @throws BadCursor */
const readPosition = (cursor: string): Position => {
  try {
    return v.parse(position, JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (error) {
    throw new BadCursor({ cause: error });
  }
};

const placesOf = (stages: readonly string[]): ReadonlyMap<string, Place> =>
  new Map<string, Place>([
    ...stages.flatMap((stage) =>
      Array.from(
        { length: HEAD_SHARDS },
        (_, shard) => [`parked#${stage}#${shard}`, { kind: 'parked', stage, shard }] as const,
      ),
    ),
    ...[INGEST, ...stages].map((stage) => [`rejected#${stage}`, { kind: 'rejected', stage }] as const),
  ]);

class Eraser {
  parked = 0;
  rejected = 0;
  readonly busy: { stage: string; key: string }[] = [];
  readonly #deps: ControlDeps;
  readonly #subject: Subject;
  readonly #dryRun: boolean;

  constructor(deps: ControlDeps, subject: Subject, dryRun: boolean) {
    this.#deps = deps;
    this.#subject = subject;
    this.#dryRun = dryRun;
  }

  /** @returns where to continue in the place; undefined: it is done */
  async page(place: Place, at: Position): Promise<Position | undefined> {
    return place.kind === 'parked' ? this.#keys(place, at) : this.#records(place.stage, at);
  }

  async #keys(
    { stage, shard }: Place & { readonly kind: 'parked' },
    at: Position,
  ): Promise<Position | undefined> {
    const page = { limit: STEP, ...(at.from === undefined ? {} : { cursor: at.from }) };
    const { heads, cursor } = await this.#deps.parking.heads(stage, shard, page);
    // A key that is gone by now was delivered or erased: then all of the page is looked through again.
    const start = Math.max(
      0,
      heads.findIndex(({ key }) => key === at.key),
    );
    for (const [i, { key }] of heads.slice(start).entries()) {
      const isFirst = i === 0 && key === at.key;
      const options = { dryRun: this.#dryRun, after: isFirst ? at.after : undefined, margin: MARGIN };
      const erased = await eraseKey(this.#deps, { stage, key }, this.#subject, options);
      this.parked += erased.events;
      if (erased.isBusy) this.busy.push({ stage, key });
      const next = erased.after === undefined ? heads[start + i + 1]?.key : key;
      if (erased.after !== undefined || (next !== undefined && !this.hasTime()))
        return { ...at, key: next, after: erased.after };
    }
    return cursor === undefined ? undefined : { place: at.place, from: cursor };
  }

  async #records(stage: string, at: Position): Promise<Position | undefined> {
    const { rejections } = this.#deps;
    const page = { limit: STEP, ...(at.from === undefined ? {} : { cursor: at.from }) };
    const found = await rejections.list(stage, page);
    for (const record of found.rejections) {
      const left = withoutSubject(record, this.#subject);
      if (left.kind === 'all') continue;
      this.rejected += left.erased;
      if (this.#dryRun) continue;
      if (left.kind === 'some') await rejections.save(left.rejection);
      else await rejections.remove(record);
    }
    return found.cursor === undefined ? undefined : { place: at.place, from: found.cursor };
  }

  hasTime(): boolean {
    return this.#deps.timeLeft() >= MARGIN;
  }
}

const run = async (
  deps: ControlDeps,
  { source, userId, anonymousId, dryRun = false, cursor }: Requests['erase'],
): Promise<ControlAnswer<'erase'>> => {
  const subject: Subject = { sourceId: source, userId, anonymousId };
  const keys = keysOf(subject);
  if (keys.length === 0) return refuse('userId: give the userId or the anonymousId of the user');
  const stages = await stagesWithRecords(deps, undefined);
  if (!stages.ok) return stages;
  const places = [...placesOf(stages.value)];
  let at: Position | undefined =
    cursor === undefined ? { place: places[0]?.[0] ?? '' } : readPosition(cursor);
  let index = places.findIndex(([name]) => name === at?.place);
  if (index < 0) throw new BadCursor();
  if (cursor === undefined && !dryRun) for (const key of keys) await deps.seen.save(key, []);
  const eraser = new Eraser(deps, subject, dryRun);
  let place = places[index]?.[1];
  while (place !== undefined && at !== undefined) {
    at = await eraser.page(place, at);
    if (at === undefined) {
      index += 1;
      const next = places[index];
      place = next?.[1];
      at = next === undefined ? undefined : { place: next[0] };
    }
    if (!eraser.hasTime()) break;
  }
  const { parked, rejected, busy } = eraser;
  if (!dryRun && parked + rejected > 0)
    deps.log('warn', "an operator erased a user's events", { source, parked, rejected });
  const result: ErasedPage = { parked, rejected, busy, ...(at === undefined ? {} : { cursor: toText(at) }) };
  return done<'erase'>(result);
};

export const erase: Command<'erase'> = {
  schema: requestSchema('erase', {
    source: fields.text('the id of a source'),
    userId: v.exactOptional(fields.text("the user's userId, as the source sent it")),
    anonymousId: v.exactOptional(fields.text("the user's anonymousId, as the source sent it")),
    dryRun: v.exactOptional(v.boolean('expected true or false')),
    cursor: fields.page.cursor,
  }),
  run,
};
