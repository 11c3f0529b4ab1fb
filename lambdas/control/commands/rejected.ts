/** `rejected`: events that were not delivered and will not be, unless they are sent again. */
import * as v from 'valibot';
import type { ControlAnswer } from '../../../contract/operations.ts';
import type { RejectedEvent } from '../../../contract/operator-views.ts';
import { INGEST } from '../../../contract/tables.ts';
import type { Rejection } from '../../core/event/ports.ts';
import { byteLength } from '../../core/base/text.ts';
import type { ControlDeps } from '../ports.ts';
import { done, stagesWithRecords } from './answer.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import * as fields from './fields.ts';
import { readListing } from './paging.ts';
import { Looked, readPosition, toCursor } from './seen-rejected.ts';

/** Records that are read at the same time: each has up to 256 KB, and as many again when its quotes are escaped for the answer. */
const STEP = 5;

/** Of contents; with one step more the answer still fits the 6 MB of Lambda. */
const MAX_CONTENT_BYTES = 3_000_000;

export const viewRecord = (rejection: Rejection, content: boolean): RejectedEvent => {
  const { stage, id, receivedAt, at, reason, sourceId, size, sha256, answer } = rejection;
  return {
    stage,
    id,
    receivedAt,
    at,
    reason,
    sourceId,
    size,
    sha256,
    count: rejection.count ?? 1,
    discarded: rejection.discarded ?? false,
    ...(rejection.by === undefined ? {} : { by: rejection.by }),
    ...(answer === undefined ? {} : { answer }),
    ...(content ? { body: rejection.body } : {}),
  };
};

const run = async (
  deps: ControlDeps,
  { stage, content = false, seen = false, limit = fields.DEFAULT_LIMIT, cursor }: Requests['rejected'],
): Promise<ControlAnswer<'rejected'>> => {
  const stages = await stagesWithRecords(deps, stage, [INGEST]);
  if (!stages.ok) return stages;
  const { retention } = deps;
  const position = readPosition(cursor, deps.clock(), seen && retention !== undefined);
  const looked = new Looked();
  const found = await readListing({
    places: stages.value,
    read: async (place, page) => {
      const { rejections, ...rest } = await deps.rejections.list(place, page);
      looked.add(place, rejections, rest.cursor === undefined);
      return { items: rejections.map((rejection) => viewRecord(rejection, content)), ...rest };
    },
    limit,
    cursor: position.from,
    step: STEP,
    isEnough: (events) =>
      events.reduce((sum, { body = '' }) => sum + byteLength(JSON.stringify(body)), 0) > MAX_CONTENT_BYTES,
  });
  if (retention !== undefined && position.seen) await looked.remember(deps, retention, position.asOf);
  return done<'rejected'>({
    events: found.items,
    ...(retention === undefined ? {} : { retention: retention.time }),
    ...(found.cursor === undefined ? {} : { cursor: toCursor({ ...position, from: found.cursor }) }),
  });
};

export const rejected: Command<'rejected'> = {
  schema: requestSchema('rejected', {
    stage: v.exactOptional(fields.stage),
    content: v.exactOptional(fields.content),
    seen: v.exactOptional(v.boolean('expected true or false')),
    ...fields.page,
  }),
  run,
};
