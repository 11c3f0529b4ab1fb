/** `delete-rejected`: deletes records of events that were rejected or discarded, for good: one by its id, or those that match. */
import * as v from 'valibot';
import type { ControlAnswer } from '../../../contract/operations.ts';
import { allDone } from '../../core/base/all-done.ts';
import { CALL_MARGIN } from '../../core/base/limits.ts';
import type { ControlDeps } from '../ports.ts';
import { done, refuse, stagesWithRecords } from './answer.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import * as fields from './fields.ts';
import { matches, matchingFields, rangeOf, readPosition, toCursor } from './matching-rejected.ts';
import { INGEST } from '../../../contract/tables.ts';

/** Records that are read, and deleted, at the same time. */
const STEP = 20;
/** Milliseconds for a step: a read, and what deletes its records. */
const MARGIN = 2 * CALL_MARGIN;

const run = async (
  deps: ControlDeps,
  request: Requests['delete-rejected'],
): Promise<ControlAnswer<'delete-rejected'>> => {
  const { stage, id, reason, since, until, dryRun = false, cursor } = request;
  const known = await stagesWithRecords(deps, stage, [INGEST]);
  if (!known.ok) return known;
  const isMatching = reason !== undefined || since !== undefined || until !== undefined;
  if ((id === undefined) !== isMatching)
    return refuse('id: give either the id of a record, or reason, since or until');
  if (id !== undefined) return deleteOne(deps, stage, id, dryRun);
  const { asOf, from: first } = readPosition(cursor, deps.clock());
  const result = { records: 0, events: 0 };
  let from = first;
  do {
    const page = { limit: STEP, ...rangeOf(request), ...(from === undefined ? {} : { cursor: from }) };
    const found = await deps.rejections.list(stage, page);
    // What was rejected since the request began, nobody has asked to delete.
    const wanted = found.rejections.filter(
      (record) => record.at < asOf && record.newer === undefined && matches(record, reason),
    );
    if (!dryRun) await allDone(wanted.map((record) => deps.rejections.remove(record)));
    result.records += wanted.length;
    result.events += wanted.reduce((sum, { count = 1 }) => sum + count, 0);
    from = found.cursor;
  } while (from !== undefined && deps.timeLeft() >= MARGIN);
  if (!dryRun && result.records > 0)
    deps.log('warn', 'an operator deleted records of rejected events', { stage, ...result });
  return done<'delete-rejected'>({
    ...result,
    ...(from === undefined ? {} : { cursor: toCursor({ asOf, from }) }),
  });
};

const deleteOne = async (
  deps: ControlDeps,
  stage: string,
  id: string,
  dryRun: boolean,
): Promise<ControlAnswer<'delete-rejected'>> => {
  const record = await deps.rejections.find(stage, id);
  if (record === undefined)
    return refuse(`id: ${stage} has no record "${id}"; "rejected" lists those that there are`);
  if (record.newer !== undefined) return refuse(`id: ${record.reason}`);
  const result = { records: 1, events: record.count ?? 1 };
  if (dryRun) return done<'delete-rejected'>(result);
  await deps.rejections.remove(record);
  deps.log('warn', 'an operator deleted records of rejected events', { stage, id, ...result });
  return done<'delete-rejected'>(result);
};

export const deleteRejected: Command<'delete-rejected'> = {
  schema: requestSchema('delete-rejected', {
    stage: fields.stage,
    id: v.exactOptional(fields.text('the id of a record, as "rejected" lists it')),
    ...matchingFields,
    dryRun: v.exactOptional(v.boolean('expected true or false')),
    cursor: fields.page.cursor,
  }),
  run,
};
