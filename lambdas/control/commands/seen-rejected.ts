/**
 * Which records a person has seen: what a list showed, from its first page on without a gap. It is remembered where there is a retention.
 */
import * as v from 'valibot';
import { InfraFault } from '../../core/base/faults.ts';
import { describeForLog } from '../../core/base/own-words.ts';
import type { Rejection } from '../../core/event/ports.ts';
import { placeOf } from '../../core/event/rejection.ts';
import { END_OF_LIST, seenAt, withSeen } from '../../core/event/retention.ts';
import type { ControlDeps, Retention } from '../ports.ts';

interface Position {
  /** When the first page was asked for; milliseconds since 1970. */
  readonly asOf: number;
  /** A person has seen each page up to here. */
  readonly seen: boolean;
  /** The listing's own cursor. */
  readonly from?: string | undefined;
}

const position = v.object({ asOf: v.number(), from: v.string() });

/** Where no person looks, a cursor is the listing's own, as it always was. */
export const toCursor = ({ asOf, seen, from = '' }: Position): string =>
  seen ? Buffer.from(JSON.stringify({ asOf, from })).toString('base64url') : from;

const parsed = (cursor: string): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    // The listing says what is wrong with it.
    return undefined;
  }
};

/** @param seen whether a person sees this page */
export const readPosition = (cursor: string | undefined, now: number, seen: boolean): Position => {
  if (cursor === undefined) return { asOf: now, seen };
  const read = v.safeParse(position, parsed(cursor));
  // A list that a program began: nobody has seen what stands before this page.
  return read.success ? { ...read.output, seen } : { asOf: now, seen: false, from: cursor };
};

/** What one page of the listing has shown. */
export class Looked {
  readonly #stages = new Map<string, { records: Rejection[]; isAll: boolean }>();

  /** @param isAll it ends the stage's list */
  add(stage: string, records: readonly Rejection[], isAll: boolean): void {
    const before = this.#stages.get(stage)?.records ?? [];
    this.#stages.set(stage, { records: [...before, ...records], isAll });
  }

  /**
   * The list is shown, whether this can be stored or not: at worst there is a warning more.
   * @param since when the first page was asked for
   */
  async remember(
    { clock, log, by = 'no name given' }: ControlDeps,
    { store }: Retention,
    since: number,
  ): Promise<void> {
    for (const [stage, { records, isAll }] of this.#stages) {
      const last = records.at(-1);
      if (last === undefined) continue;
      try {
        const seen = await store.readSeen(stage);
        const now = clock();
        const next = withSeen(seen, isAll ? END_OF_LIST : placeOf(last), since, now);
        // A console asks every few seconds.
        const isNew = records.some(
          (record) => seenAt(seen, record) === undefined && seenAt(next, record) !== undefined,
        );
        if (!isNew) continue;
        await store.saveSeen(stage, next);
        log('info', 'an operator saw records of rejected events', { stage, by });
      } catch (error) {
        if (!(error instanceof InfraFault)) throw error;
        log('warn', 'could not remember which records were seen', { stage, error: describeForLog(error) });
      }
    }
  }
}
