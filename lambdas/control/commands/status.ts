/** `status`: all that is known of the pipeline. */
import pLimit, { type LimitFunction } from 'p-limit';
import { ROUTER_STAGE } from '../../../contract/bundle.ts';
import type { ControlAnswer } from '../../../contract/operations.ts';
import type { ExpiringRecords, Orphan, StageStatus } from '../../../contract/status.ts';
import { knownOf } from '../../core/event/retention.ts';
import { gaugeOf, type Situation } from '../../core/mode/transitions.ts';
import { isBlocked, type ModeRecord, NORMAL } from '../../core/mode/record.ts';
import { outlook } from '../../core/mode/outlook.ts';
import type { LateCrashes } from '../../../contract/modes.ts';
import type { StageQueues } from '../../core/mode/ports.ts';
import { hottest, type HotKeyReport } from '../../core/stage/hot-keys.ts';
import { both, few } from '../fan-out.ts';
import { readMapping } from '../mappings.ts';
import type { ControlDeps, QueueCounts } from '../ports.ts';
import { isRouter, readSnapshot, type StageSnapshot } from '../snapshot.ts';
import { surveyLimit, surveyStage } from '../survey.ts';
import { done, formerStages } from './answer.ts';
import { requestSchema, type Command } from './command.ts';

/** Stages that are looked at in parallel. */
const STAGES_AT_ONCE = 5;

const NONE: QueueCounts = { visible: 0, inFlight: 0 };

const total = ({ visible, inFlight, delayed = 0 }: QueueCounts): number => visible + inFlight + delayed;

const reasonOf = ({ held, holdReason, reason }: ModeRecord): string =>
  [...(held ? [`held: ${holdReason ?? 'no reason is known'}`] : []), reason]
    .filter((part) => part !== '')
    .join('; ');

/** While its pause stands still nobody knows when it ends. */
const pauseOf = ({ mode, pauseUntil, frozenAt }: ModeRecord) =>
  mode === 'degraded' && frozenAt === undefined && pauseUntil > 0 ? { pauseUntil } : {};

type KnownErrors = Pick<ModeRecord, 'lastCrash' | 'lastFailure' | 'lastRefusal' | 'lastRejection' | 'code'>;

/** The fields that are there: an answer has none that is undefined. */
const knownErrors = ({
  lastCrash,
  lastFailure,
  lastRefusal,
  lastRejection,
  code,
}: ModeRecord): KnownErrors => ({
  ...(lastCrash === undefined ? {} : { lastCrash }),
  ...(lastFailure === undefined ? {} : { lastFailure }),
  ...(lastRefusal === undefined ? {} : { lastRefusal }),
  ...(lastRejection === undefined ? {} : { lastRejection }),
  ...(code === undefined ? {} : { code }),
});

/** The page of a stage; in normal, until when it stays open. */
const pageOf = (own: ModeRecord, now: number) => {
  const gauge = gaugeOf(own, now);
  const until = own.since + own.pause;
  return { gauge, ...(gauge === 1 && own.mode === 'normal' && until > now ? { gaugeUntil: until } : {}) };
};

/** What of a stage's mode an operator is shown. */
const modeStatus = (situation: Situation, system: ModeRecord) => {
  const { own, now, settings, progress } = situation;
  return {
    mode: own.mode,
    held: own.held,
    shut: isBlocked([own, system]),
    epoch: own.epoch,
    ...(own.since > 0 ? { since: own.since } : {}),
    ...(own.troubledSince === undefined ? {} : { troubledSince: own.troubledSince }),
    reason: reasonOf(own),
    ...pauseOf(own),
    successes: own.successes,
    redrives: own.redrives.filter(({ at }) => now - at <= settings.window).length,
    spill: own.spill,
    ...pageOf(own, now),
    probeFailures: own.probeFailures,
    progress,
    next: outlook(situation),
    ...knownErrors(own),
    history: own.history,
  };
};

/** Without the stage's late crashes: `status` reads those of all stages together. @throws InfraFault */
export const stageStatus = async (
  deps: ControlDeps,
  { stage, record: own }: StageSnapshot,
  system: ModeRecord,
  limit = surveyLimit(),
): Promise<StageStatus> => {
  const [[mapping, parked], { progress }] = await both(
    both(readMapping(deps, stage), surveyStage(deps, stage.id, own, limit)),
    // The modes are the caller's: it may have just changed them.
    deps.modes.readStored(stage.id, ROUTER_STAGE),
  );
  const { state, maximumConcurrency, queueName } = mapping;
  const [queue = NONE, deadLetterQueueName] = await both(
    deps.counts.read(queueName),
    deps.counts.deadLetterQueueName(queueName),
  );
  const deadLetters =
    deadLetterQueueName === undefined ? undefined : await deps.counts.read(deadLetterQueueName);
  const { settings } = deps;
  const situation = { own, system: isRouter(stage) ? undefined : system, progress, settings };
  return {
    id: stage.id,
    ...modeStatus({ ...situation, now: deps.clock() }, system),
    mapping: { state, ...(maximumConcurrency === undefined ? {} : { maximumConcurrency }) },
    queue,
    queueName,
    waiting: { messages: total(queue), keys: parked.keys - parked.own, own: parked.own },
    deadLetters: total(deadLetters ?? NONE),
    parkedKeys: parked.keys,
    ...(parked.oldestParkedAt === undefined ? {} : { oldestParkedAt: parked.oldestParkedAt }),
  };
};

/** Late crashes change nothing else of a stage's status: the events had been answered. */
const withLateCrashes = (stage: StageStatus, lateCrashes: LateCrashes | undefined): StageStatus =>
  lateCrashes === undefined ? stage : { ...stage, lateCrashes };

const withHotKeys = (stage: StageStatus, reports: readonly HotKeyReport[], at: number): StageStatus => {
  const hotKeys = hottest(reports, total(stage.queue), at);
  return hotKeys.length === 0 ? stage : { ...stage, hotKeys };
};

/** What a former stage has left behind. */
const orphan = async (
  deps: ControlDeps,
  id: string,
  { queueName, deadLetterQueueName }: StageQueues,
  limit: LimitFunction,
): Promise<Orphan> => {
  const [[queue, deadLetters], parked] = await both(
    both(deps.counts.read(queueName), deps.counts.read(deadLetterQueueName)),
    surveyStage(deps, id, NORMAL, limit),
  );
  return {
    id,
    queue: queue ?? NONE,
    queueName,
    deadLetterQueueName,
    deadLetters: total(deadLetters ?? NONE),
    parkedKeys: parked.keys,
  };
};

/** Former stages that have left something behind; the others are of no interest. */
const findOrphans = async (
  deps: ControlDeps,
  stagesLimit: LimitFunction,
  limit: LimitFunction,
): Promise<readonly Orphan[]> => {
  const former = [...(await formerStages(deps))];
  const found = await few(stagesLimit, former, ([id, queues]) => orphan(deps, id, queues, limit));
  return found.filter(({ queue, deadLetters, parkedKeys }) => total(queue) + deadLetters + parkedKeys > 0);
};

const run = async (deps: ControlDeps): Promise<ControlAnswer<'status'>> => {
  const at = deps.clock();
  const { pipeline } = deps;
  const ids = deps.stages.map(({ id }) => id);
  const [{ system, stages: known }, [lateCrashes, hotKeys]] = await both(
    readSnapshot(deps),
    both(deps.lateCrashes.readLateCrashes(ids), deps.hotKeys.readHotKeys(ids)),
  );
  const [stagesLimit, limit] = [pLimit(STAGES_AT_ONCE), surveyLimit()];
  const [stages, orphans] = await both(
    few(stagesLimit, known, async (one) => {
      const { id } = one.stage;
      const stage = await stageStatus(deps, one, system, limit);
      return withHotKeys(withLateCrashes(stage, lateCrashes.get(id)), hotKeys.get(id) ?? [], at);
    }),
    findOrphans(deps, stagesLimit, limit),
  );
  const expiring = await findExpiring(deps);
  return done<'status'>({
    pipeline,
    at,
    stages,
    orphans,
    ...(expiring.length === 0 ? {} : { expiring }),
  });
};

/** Records that a retention will delete soon, by what control has found in its runs. @throws InfraFault */
const findExpiring = async ({ retention }: ControlDeps): Promise<readonly ExpiringRecords[]> => {
  if (retention === undefined) return [];
  const sweeps = [...(await retention.store.readSweeps())];
  return sweeps.flatMap(([stage, sweep]) => {
    const { records, unseen, next } = knownOf(sweep);
    return sweep.retention !== retention.time || next === undefined ? [] : [{ stage, records, unseen, next }];
  });
};

export const status: Command<'status'> = { schema: requestSchema('status', {}), run };
