/** `status`: all that is known of the pipeline. */
import pLimit from 'p-limit';
import type { ControlAnswer, Orphan, StageStatus } from '../../../config/operations.ts';
import { isShut, NORMAL, type ModeRecord } from '../../core/mode.ts';
import { surveyLimit, surveyStage } from '../drains.ts';
import { readMapping } from '../mappings.ts';
import type { ControlDeps, ControlledStage, QueueCounts } from '../ports.ts';
import { done, formerStages } from './answer.ts';

/** Stages that are looked at beside one another. */
const STAGES_AT_ONCE = 5;

const NONE: QueueCounts = { visible: 0, inFlight: 0 };

const total = ({ visible, inFlight }: QueueCounts): number => visible + inFlight;

const reasonOf = ({ held, holdReason, reason }: ModeRecord): string =>
  [...(held ? [`held: ${holdReason ?? 'no reason is known'}`] : []), reason]
    .filter((part) => part !== '')
    .join('; ');

/** While its pause stands still nobody knows when it ends. */
const pauseOf = ({ mode, pauseUntil, frozenAt }: ModeRecord) =>
  mode === 'degraded' && frozenAt === undefined && pauseUntil > 0 ? { pauseUntil } : {};

/** What of a stage's mode an operator is told. @param now milliseconds since 1970 */
const modeStatus = (own: ModeRecord, system: ModeRecord, now: number, window: number) => ({
  mode: own.mode,
  held: own.held,
  shut: isShut([own, system]),
  epoch: own.epoch,
  ...(own.since > 0 ? { since: own.since } : {}),
  ...(own.troubledSince === undefined ? {} : { troubledSince: own.troubledSince }),
  reason: reasonOf(own),
  ...pauseOf(own),
  successes: own.successes,
  redrives: own.redrives.filter(({ at }) => now - at <= window).length,
  spill: own.spill,
  ...(own.lastCrash === undefined ? {} : { lastCrash: own.lastCrash }),
  history: own.history,
});

/** @throws InfraFault */
export const stageStatus = async (
  deps: ControlDeps,
  stage: ControlledStage,
  own: ModeRecord,
  system: ModeRecord,
  limit = surveyLimit(),
): Promise<StageStatus> => {
  const [mapping, parked] = await Promise.all([
    readMapping(deps, stage),
    surveyStage(deps, stage.id, own, limit),
  ]);
  const { state, maximumConcurrency, queueName } = mapping;
  const [queue, deadLetterQueueName] = await Promise.all([
    deps.counts.read(queueName),
    deps.counts.deadLetterQueueName(queueName),
  ]);
  const deadLetters =
    deadLetterQueueName === undefined ? undefined : await deps.counts.read(deadLetterQueueName);
  return {
    id: stage.id,
    ...modeStatus(own, system, deps.clock(), deps.settings.window),
    mapping: { state, ...(maximumConcurrency === undefined ? {} : { maximumConcurrency }) },
    queue: queue ?? NONE,
    deadLetters: total(deadLetters ?? NONE),
    parkedKeys: parked.keys,
    ...(parked.oldestParkedAt === undefined ? {} : { oldestParkedAt: parked.oldestParkedAt }),
  };
};

/** What former stages have left behind; those that left nothing are of no interest. */
const findOrphans = async (
  deps: ControlDeps,
  limit: ReturnType<typeof surveyLimit>,
): Promise<readonly Orphan[]> => {
  const former = [...(await formerStages(deps))];
  const found = await Promise.all(
    former.map(async ([id, { queueName, deadLetterQueueName }]): Promise<Orphan> => {
      const [queue, deadLetters, parked] = await Promise.all([
        deps.counts.read(queueName),
        deps.counts.read(deadLetterQueueName),
        surveyStage(deps, id, NORMAL, limit),
      ]);
      return {
        id,
        queue: queue ?? NONE,
        deadLetters: total(deadLetters ?? NONE),
        parkedKeys: parked.keys,
      };
    }),
  );
  return found.filter(({ queue, deadLetters, parkedKeys }) => total(queue) + deadLetters + parkedKeys > 0);
};

/** @throws InfraFault */
export const status = async (deps: ControlDeps): Promise<ControlAnswer<'status'>> => {
  const at = deps.clock();
  const { stages, pipeline } = deps;
  const records = await deps.modes.readModes(stages.map(({ id }) => id));
  const limit = surveyLimit();
  const few = pLimit(STAGES_AT_ONCE);
  const [system] = records;
  const [statuses, orphans] = await Promise.all([
    Promise.all(
      stages.flatMap((stage, i) => {
        const own = records[i];
        if (own === undefined || system === undefined) return [];
        return few(() => stageStatus(deps, stage, own, system, limit));
      }),
    ),
    findOrphans(deps, limit),
  ]);
  return done<'status'>({ pipeline, at, stages: statuses, orphans });
};
