/** `retry`: parked keys are due immediately, whatever their backoff is. */
import pLimit from 'p-limit';
import * as v from 'valibot';
import type { ControlAnswer } from '../../../contract/operations.ts';
import { CALL_MARGIN } from '../../core/base/limits.ts';
import { isBlocked } from '../../core/mode/record.ts';
import { shardOf } from '../../core/stage/parking.ts';
import { HEAD_SHARDS, type HeadSummary } from '../../core/stage/parking-port.ts';
import { startDrains, type DueShard } from '../drains.ts';
import { few } from '../fan-out.ts';
import type { ControlDeps, ControlledStage } from '../ports.ts';
import { readSnapshot } from '../snapshot.ts';
import { done, findStage, refuse } from './answer.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import * as fields from './fields.ts';
import { borrowKey, returnDue } from './lease.ts';
import { notParked } from './show.ts';

const PAGE = 100;

/** Keys that are made due concurrently; each is a read and two writes. */
const KEYS_AT_ONCE = 20;

/** Milliseconds for what may still be under way, and for starting the workers. */
const MARGIN = 2 * CALL_MARGIN;

/**
 * A key whose lease another has is being tried at this moment, which is what was asked for.
 * @returns false when the key is not parked (any more)
 */
const makeDue = async (deps: ControlDeps, stage: string, key: string): Promise<boolean> => {
  const head = await deps.parking.readHead(stage, key);
  if (head === undefined) return false;
  const owner = await borrowKey(deps, stage, head);
  if (owner !== undefined) await returnDue(deps, stage, key, owner);
  return true;
};

interface Retried {
  readonly keys: number;
  /** Shards that have some of them. */
  readonly shards: readonly DueShard[];
  /** There was no time for the others. */
  readonly isCut: boolean;
}

const retryStage = async (deps: ControlDeps, { id }: ControlledStage): Promise<Retried> => {
  const limit = pLimit(KEYS_AT_ONCE);
  const now = deps.clock();
  const visit = async ({ key, nextAttemptAt, failures }: HeadSummary): Promise<boolean> =>
    // Due already, and with nothing to forget: so a second try continues where the first ended.
    (nextAttemptAt <= now && failures === 0) || makeDue(deps, id, key);
  let keys = 0;
  const shards: DueShard[] = [];
  for (let shard = 0; shard < HEAD_SHARDS; shard++) {
    let cursor: string | undefined;
    let found = 0;
    do {
      if (deps.timeLeft() < MARGIN)
        return { keys: keys + found, shards: [...shards, { shard, keys: found }], isCut: true };
      const page = await deps.parking.heads(id, shard, {
        limit: PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const due = await few(limit, page.heads, visit);
      found += due.filter(Boolean).length;
      cursor = page.cursor;
    } while (cursor !== undefined);
    if (found > 0) shards.push({ shard, keys: found });
    keys += found;
  }
  return { keys, shards, isCut: false };
};

const stageIsBlocked = (stage: string): string =>
  `${stage} is blocked: it forwards nothing while it or the router is degraded or held; "resume" it first, ` +
  `and its parked keys are tried again automatically`;

const run = async (deps: ControlDeps, request: Requests['retry']): Promise<ControlAnswer<'retry'>> => {
  const { system, stages } = await readSnapshot(deps);
  const open = stages.filter(({ record }) => !isBlocked([record, system])).map(({ stage }) => stage);
  if (request.stage === undefined) {
    const shut = deps.stages.filter((stage) => !open.includes(stage)).map(({ id }) => id);
    const answer = await retryAll(deps, open);
    return answer.ok && shut.length > 0 ? done<'retry'>({ ...answer.result, shut }) : answer;
  }
  const stage = findStage(deps, request.stage);
  if (!stage.ok) return stage;
  if (!open.includes(stage.value)) return refuse(`stage: ${stageIsBlocked(request.stage)}`);
  if (request.key === undefined) return retryAll(deps, [stage.value]);
  if (!(await makeDue(deps, request.stage, request.key))) return notParked(request.stage, request.key);
  await startDrains(deps, stage.value, [{ shard: shardOf(request.key), keys: 1 }]);
  return done<'retry'>({ keys: 1 });
};

const retryAll = async (
  deps: ControlDeps,
  stages: readonly ControlledStage[],
): Promise<ControlAnswer<'retry'>> => {
  if (stages.length === 0) return refuse(stageIsBlocked('every stage'));
  let keys = 0;
  for (const stage of stages) {
    const retried = await retryStage(deps, stage);
    await startDrains(deps, stage, retried.shards);
    keys += retried.keys;
    if (retried.isCut) {
      return refuse(`${keys} keys are due now, and there was no time for the others; ask again for them`);
    }
  }
  return done<'retry'>({ keys });
};

const schema = requestSchema('retry', {
  stage: v.exactOptional(fields.stage),
  key: v.exactOptional(fields.key),
});

export const retry: Command<'retry'> = {
  schema: v.pipe(
    schema,
    v.forward(
      v.check(
        ({ stage, key }) => key === undefined || stage !== undefined,
        'is missing; a key is parked in a stage',
      ),
      ['stage'],
    ),
  ),
  run,
};
