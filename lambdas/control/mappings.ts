/** The stages' event source mappings: they name the functions and queues, and are brought in line with the modes. */
import pLimit, { type LimitFunction } from 'p-limit';
import { allDone } from '../core/base/all-done.ts';
import type { ModeRecord } from '../core/mode/record.ts';
import { reconcileMapping } from '../core/mode/mapping.ts';
import type { ControlDeps, ControlledStage, StageMapping, StageNames } from './ports.ts';
import type { Snapshot, StageSnapshot } from './snapshot.ts';
import type { Steps } from './steps.ts';

/** Lambda allows an account few calls a second of this kind. */
const CALLS_AT_ONCE = 2;

/** For calls about many mappings. */
export const fewCalls = (): LimitFunction => pLimit(CALLS_AT_ONCE);

/** Milliseconds: a read and an update. */
const MAPPING_ROOM = 14_000;

type MappingDeps = Pick<ControlDeps, 'mappings' | 'names'>;

/** @throws InfraFault */
export const readMapping = async (
  { mappings, names }: MappingDeps,
  { mappingId }: Pick<ControlledStage, 'mappingId'>,
): Promise<StageMapping> => {
  const mapping = await mappings.read(mappingId);
  const { functionName, queueName } = mapping;
  names.set(mappingId, { functionName, queueName });
  return mapping;
};

/**
 * As they were when the mapping was last read, which each run does; so that Lambda's calls of this kind, since it allows
 * few, are not needed for a probe or a drain.
 * @throws InfraFault
 */
export const namesOf = async (
  deps: MappingDeps,
  stage: Pick<ControlledStage, 'mappingId'>,
): Promise<StageNames> => deps.names.get(stage.mappingId) ?? (await readMapping(deps, stage));

const bringMapping = async (
  deps: ControlDeps,
  { stage, record }: StageSnapshot,
  system: ModeRecord,
): Promise<void> => {
  const state = await readMapping(deps, stage);
  const change = reconcileMapping(record, system, state, stage.maxConcurrency);
  if (change === undefined) return;
  const done = await deps.mappings.update(stage.mappingId, change);
  deps.log('info', done ? 'mapping updated' : 'mapping in transition; left to the next run', {
    stage: stage.id,
    ...change,
  });
};

export const bringMappings = async (
  deps: ControlDeps,
  steps: Steps,
  { system, stages }: Snapshot,
): Promise<void> => {
  const limit = fewCalls();
  await allDone(
    stages.map((one) =>
      limit(() =>
        steps.try('bring the mapping in line', () => bringMapping(deps, one, system), {
          stage: one.stage.id,
          room: MAPPING_ROOM,
        }),
      ),
    ),
  );
};
