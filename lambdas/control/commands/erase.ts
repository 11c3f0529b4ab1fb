/**
 * `erase`: takes out what is stored of one user of a source: events in parked messages, records of rejected and discarded events, and what
 * is known of the events that came before. No record of it is kept but a line in the log and, with an archive, an entry of the list that
 * replays honour. Page by page; the same request made again erases what was left.
 */
import * as v from 'valibot';
import type { ControlAnswer } from '../../../contract/operations.ts';
import type { ErasedPage } from '../../../contract/operator-views.ts';
import { INGEST } from '../../../contract/tables.ts';
import { CALL_MARGIN } from '../../core/base/limits.ts';
import type { Rejection } from '../../core/event/ports.ts';
import { keysOf, withoutSubject, type Subject } from '../../core/event/subject.ts';
import type { HeadSummary } from '../../core/stage/parking-port.ts';
import type { Archive } from '../../core/stage/replay-port.ts';
import type { ControlDeps } from '../ports.ts';
import { done, refuse, stagesWithRecords } from './answer.ts';
import { expiryOf, namesOfSubject } from '../replay/erased.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import { eraseKey } from './erased-key.ts';
import * as fields from './fields.ts';
import { placesOf, walkKept, type KeptVisitor } from './kept-walk.ts';

/** Milliseconds for a step: reads, and what removes or saves each of them. */
const MARGIN = 5 * CALL_MARGIN;

class Eraser implements KeptVisitor {
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

  readonly key = async (
    stage: string,
    { key }: HeadSummary,
    after: string | undefined,
  ): Promise<string | undefined> => {
    const options = { dryRun: this.#dryRun, after, margin: MARGIN };
    const erased = await eraseKey(this.#deps, { stage, key }, this.#subject, options);
    this.parked += erased.events;
    if (erased.isBusy) this.busy.push({ stage, key });
    return erased.after;
  };

  readonly record = async (record: Rejection): Promise<void> => {
    const { rejections } = this.#deps;
    const left = withoutSubject(record, this.#subject);
    if (left.kind === 'all') return;
    this.rejected += left.erased;
    if (this.#dryRun) return;
    if (left.kind === 'some') await rejections.save(left.rejection);
    else await rejections.remove(record);
  };

  readonly hasTime = (): boolean => this.#deps.timeLeft() >= MARGIN;
}

const listAsErased = ({ erasures, days }: Archive, subject: Subject, at: number): Promise<void> =>
  erasures.add({ names: namesOfSubject(subject), at }, expiryOf(at, days));

const run = async (
  deps: ControlDeps,
  { source, userId, anonymousId, dryRun = false, cursor }: Requests['erase'],
): Promise<ControlAnswer<'erase'>> => {
  const subject: Subject = { sourceId: source, userId, anonymousId };
  const keys = keysOf(subject);
  if (keys.length === 0) return refuse('userId: give the userId or the anonymousId of the user');
  const stages = await stagesWithRecords(deps, undefined);
  if (!stages.ok) return stages;
  const { archive } = deps;
  if (cursor === undefined && !dryRun) {
    // First: a replay that has parked an event before it sees the list has it found below.
    if (archive !== undefined) await listAsErased(archive, subject, deps.clock());
    for (const key of keys) await deps.seen.save(key, []);
  }
  const eraser = new Eraser(deps, subject, dryRun);
  const next = await walkKept(deps, placesOf(stages.value, [INGEST, ...stages.value]), eraser, cursor);
  const { parked, rejected, busy } = eraser;
  if (!dryRun && parked + rejected > 0)
    deps.log('warn', "an operator erased a user's events", { source, parked, rejected });
  const { days } = archive ?? {};
  const result: ErasedPage = {
    parked,
    rejected,
    busy,
    ...(archive === undefined ? {} : { archive: days === undefined ? {} : { days } }),
    ...(next === undefined ? {} : { cursor: next }),
  };
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
