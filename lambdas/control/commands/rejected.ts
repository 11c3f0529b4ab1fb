/** `rejected`: events that were not delivered and will not be, unless they are sent again. */
import type { ControlAnswer, RejectedEvent } from '../../../contract/operations.ts';
import type { Rejection } from '../../core/event/ports.ts';
import { byteLength } from '../../core/base/text.ts';
import type { ControlDeps } from '../ports.ts';
import { done, stagesWithRecords } from './answer.ts';
import { readListing } from './paging.ts';
import { DEFAULT_LIMIT } from './request.ts';

/** Where ingest's records are: it is no stage, and has records all the same. */
export const INGEST = 'ingest';

/** Records that are read at once: each has up to 256 KB, and as many again when its quotes are escaped for the answer. */
const STEP = 5;

/** Of contents; with one step more the answer still fits the 6 MB of Lambda. */
const MAX_CONTENT_BYTES = 3_000_000;

const view = (rejection: Rejection, content: boolean): RejectedEvent => {
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
    ...(answer === undefined ? {} : { answer }),
    ...(content ? { body: rejection.body } : {}),
  };
};

/** @throws BadCursor, InfraFault */
export const rejected = async (
  deps: ControlDeps,
  {
    stage,
    content = false,
    limit = DEFAULT_LIMIT,
    cursor,
  }: {
    readonly stage?: string;
    readonly content?: boolean;
    readonly limit?: number;
    readonly cursor?: string;
  },
): Promise<ControlAnswer<'rejected'>> => {
  const stages = await stagesWithRecords(deps, stage, [INGEST]);
  if (!stages.ok) return stages;
  const found = await readListing({
    places: stages.value,
    read: async (place, page) => {
      const { rejections, ...rest } = await deps.rejections.list(place, page);
      return { items: rejections.map((rejection) => view(rejection, content)), ...rest };
    },
    limit,
    cursor,
    step: STEP,
    isEnough: (events) =>
      events.reduce((sum, { body = '' }) => sum + byteLength(JSON.stringify(body)), 0) > MAX_CONTENT_BYTES,
  });
  return done<'rejected'>({
    events: found.items,
    ...(found.cursor === undefined ? {} : { cursor: found.cursor }),
  });
};
