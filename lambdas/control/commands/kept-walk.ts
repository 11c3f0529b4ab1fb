/** Everything that is kept: the parked keys of all stages, then the records of rejected events. Page by page, as far as the time allows. */
import * as v from 'valibot';
import { BadCursor } from '../../core/base/faults.ts';
import type { Rejection } from '../../core/event/ports.ts';
import { HEAD_SHARDS, type HeadSummary } from '../../core/stage/parking-port.ts';
import type { ControlDeps } from '../ports.ts';

/** Heads of parked keys, and records, that are read at the same time. */
const STEP = 10;

export interface KeptVisitor {
  /**
   * @param after the place of a message: only those behind it
   * @returns the place behind which there was no time for the rest; undefined: the key is done
   */
  readonly key: (stage: string, head: HeadSummary, after: string | undefined) => Promise<string | undefined>;
  readonly record: (record: Rejection) => Promise<void>;
  /** Asked between two steps. */
  readonly hasTime: () => boolean;
}

export type KeptPlace =
  | { readonly kind: 'parked'; readonly stage: string; readonly shard: number }
  | { readonly kind: 'rejected'; readonly stage: string };

/** How far a request has come. */
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

/** In this order. @param parkedIn stages @param recordsOf names under which records are kept */
export const placesOf = (
  parkedIn: readonly string[],
  recordsOf: readonly string[],
): ReadonlyMap<string, KeptPlace> =>
  new Map<string, KeptPlace>([
    ...parkedIn.flatMap((stage) =>
      Array.from(
        { length: HEAD_SHARDS },
        (_, shard) => [`parked#${stage}#${shard}`, { kind: 'parked', stage, shard }] as const,
      ),
    ),
    ...recordsOf.map((stage) => [`rejected#${stage}`, { kind: 'rejected', stage }] as const),
  ]);

const visitKeys = async (
  { parking }: Pick<ControlDeps, 'parking'>,
  { stage, shard }: KeptPlace & { readonly kind: 'parked' },
  at: Position,
  visitor: KeptVisitor,
): Promise<Position | undefined> => {
  const page = { limit: STEP, ...(at.from === undefined ? {} : { cursor: at.from }) };
  const { heads, cursor } = await parking.heads(stage, shard, page);
  // A key that is gone by now was delivered or erased: then all of the page is looked through again.
  const start = Math.max(
    0,
    heads.findIndex(({ key }) => key === at.key),
  );
  for (const [i, head] of heads.slice(start).entries()) {
    const isFirst = i === 0 && head.key === at.key;
    const after = await visitor.key(stage, head, isFirst ? at.after : undefined);
    const next = after === undefined ? heads[start + i + 1]?.key : head.key;
    if (after !== undefined || (next !== undefined && !visitor.hasTime())) return { ...at, key: next, after };
  }
  return cursor === undefined ? undefined : { place: at.place, from: cursor };
};

const visitRecords = async (
  { rejections }: Pick<ControlDeps, 'rejections'>,
  stage: string,
  at: Position,
  visitor: KeptVisitor,
): Promise<Position | undefined> => {
  const page = { limit: STEP, ...(at.from === undefined ? {} : { cursor: at.from }) };
  const found = await rejections.list(stage, page);
  for (const record of found.rejections) await visitor.record(record);
  return found.cursor === undefined ? undefined : { place: at.place, from: found.cursor };
};

/**
 * @param from the cursor of the page before
 * @returns the cursor of the next page; undefined: all has been looked through
 * @throws BadCursor, InfraFault
 */
export const walkKept = async (
  deps: Pick<ControlDeps, 'parking' | 'rejections'>,
  placesByName: ReadonlyMap<string, KeptPlace>,
  visitor: KeptVisitor,
  from?: string,
): Promise<string | undefined> => {
  const places = [...placesByName];
  let at: Position | undefined = from === undefined ? { place: places[0]?.[0] ?? '' } : readPosition(from);
  if (places.length === 0) return undefined;
  let index = places.findIndex(([name]) => name === at?.place);
  if (index < 0) throw new BadCursor();
  let place = places[index]?.[1];
  while (place !== undefined && at !== undefined) {
    at =
      place.kind === 'parked'
        ? await visitKeys(deps, place, at, visitor)
        : await visitRecords(deps, place.stage, at, visitor);
    if (at === undefined) {
      index += 1;
      const next = places[index];
      place = next?.[1];
      at = next === undefined ? undefined : { place: next[0] };
    }
    if (!visitor.hasTime()) break;
  }
  return at === undefined ? undefined : toText(at);
};
