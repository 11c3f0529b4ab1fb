/**
 * What the functions of all stages share: from what Lambda invokes them with to the batch runner, the dead-letter intake
 * and the drain, and back.
 */
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { ROUTER_STAGE } from '../../config/bundle.ts';
import { METRICS } from '../../config/metrics.ts';
import type { ResolvedDegradedMode, ResolvedTiming } from '../../config/schema.ts';
import { announceFlip, announcementOf } from '../core/announce.ts';
import { runBatch } from '../core/batch-runner.ts';
import { drainShard } from '../core/drain.ts';
import { takeInDeadLetters } from '../core/intake.ts';
import { changeMode } from '../core/mode-change.ts';
import type { ModeEvent } from '../core/mode-machine.ts';
import type { ModeRecord } from '../core/mode.ts';
import type { Process } from '../core/outcome.ts';
import type { IncomingMessage } from '../core/ports.ts';
import type { Modes, RunnerDeps } from '../core/runner-deps.ts';
import { readStageCommand, type ProbeAnswer } from '../core/stage-command.ts';
import type { Transform } from '../core/transform.ts';
import { describeError, emitMetrics, log } from './log.ts';
import { reportTo } from './stage-report.ts';
import type { StageWorld } from './stage-world.ts';

export interface StageOptions {
  readonly stage: string;
  readonly process: Process;
  /** As `process` loads it; a probe tries whether that succeeds. */
  readonly loadTransform: () => Promise<Transform | undefined>;
  readonly timing: ResolvedTiming;
  readonly degradedMode: ResolvedDegradedMode;
  /** See `RunnerDeps`; milliseconds. */
  readonly worstCase: number;
  /** Content hash of the stage's code. */
  readonly codeVersion: string;
}

type Invocation = Pick<Context, 'getRemainingTimeInMillis'>;

/**
 * By how much a lease outlives the function that has it at least, milliseconds: more than its last call of AWS may take
 * to land. For longer functions it is as much as they can live.
 */
const LEASE_MARGIN = 10_000;

export const toMessage = ({ messageId, receiptHandle, body, attributes }: SQSRecord): IncomingMessage => ({
  id: messageId,
  receiptHandle,
  body,
  groupId: attributes.MessageGroupId ?? '',
  sequenceNumber: attributes.SequenceNumber ?? '',
  receiveCount: Number(attributes.ApproximateReceiveCount),
  sentAt: Number(attributes.SentTimestamp),
});

/** @returns a function's handler: it takes events of its queue and of its dead-letter queue, and control's commands */
export const stageHandler = (options: StageOptions, world: StageWorld) => {
  return async (event: unknown, context: Invocation): Promise<SQSBatchResponse | ProbeAnswer | undefined> => {
    const command = readStageCommand(event);
    if (command?.sluice === 'probe') return probe(options);
    const left = context.getRemainingTimeInMillis();
    const leaseTime = left + Math.max(left, LEASE_MARGIN);
    const published: Promise<void>[] = [];
    const deps = runnerDeps(options, world, context, published);
    try {
      if (command === undefined) return await handleRecords(recordsOf(event), deps, world);
      await drainShard(command.shard, { ...deps, leaseTime });
      return undefined;
    } finally {
      // Lambda freezes the function once it has answered.
      await Promise.all(published);
    }
  };
};

const handleRecords = async (
  records: readonly SQSRecord[],
  deps: RunnerDeps,
  { deadLetterQueue, deadLetterQueueArn }: StageWorld,
): Promise<SQSBatchResponse> => {
  const messages = records.map(toMessage);
  // A mapping reads one queue, so the records of an event have one source.
  const isDead = records.some(({ eventSourceARN }) => eventSourceARN === deadLetterQueueArn);
  if (!isDead) reportAge(messages, deps);
  const failed = isDead
    ? await takeInDeadLetters(messages, { ...deps, queue: deadLetterQueue })
    : await runBatch(messages, deps);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
};

/** SQS's own metric of the age leaves out messages that were received before. */
const reportAge = (messages: readonly IncomingMessage[], { stage, clock }: RunnerDeps): void => {
  const oldest = Math.min(...messages.map(({ sentAt }) => sentAt));
  const age = Math.max(0, clock() - oldest) / 1000;
  if (Number.isFinite(age)) emitMetrics({ [METRICS.stage]: stage }, { [METRICS.oldestMessageAge]: age });
};

const recordsOf = (event: unknown): readonly SQSRecord[] => {
  const records = (event as Partial<SQSEvent> | null)?.Records;
  if (Array.isArray(records)) return records;
  throw new Error('invoked with neither an event of SQS nor a command of control');
};

/** A transform that does not load must not keep the function from saying so. */
const probe = async ({ loadTransform, stage, codeVersion }: StageOptions): Promise<ProbeAnswer> => {
  try {
    await loadTransform();
    return { ok: true, codeVersion };
  } catch (error) {
    const stack = describeError(error);
    log('error', 'a probe found that the transform does not load', { stage, codeVersion, error: stack });
    return { ok: false, codeVersion, error: String(error), stack };
  }
};

/** @param published gets what is under way to be published */
const runnerDeps = (
  { stage, process, timing, degradedMode, worstCase, codeVersion }: StageOptions,
  world: StageWorld,
  context: Invocation,
  published: Promise<void>[],
): RunnerDeps => {
  const { state, parking, queue, announcer, names, clock, random, uuid } = world;
  const changes = {
    modes: state,
    clock,
    settings: degradedMode,
    routerStage: ROUTER_STAGE,
    announcer,
    announcement: (of: string, record: ModeRecord) => announcementOf(of, record, names, ROUTER_STAGE),
  };
  const publish = async (record: ModeRecord): Promise<void> => {
    try {
      await announceFlip(changes, stage, record);
    } catch (error) {
      const message = 'could not publish a change of mode; control will';
      log('warn', message, { stage, error: describeError(error) });
    }
  };
  const note = async (event: ModeEvent): Promise<ModeRecord> => {
    const { before, after, flipped } = await changeMode(changes, stage, event);
    if (flipped) {
      const { mode, epoch, reason } = after;
      log('error', 'the mode changed', { stage, from: before.mode, to: mode, epoch, reason });
      // Beside what goes on: a message must not wait for a topic.
      published.push(publish(after));
    }
    return after;
  };
  return {
    stage,
    isDestination: stage !== ROUTER_STAGE,
    codeVersion,
    state,
    parking,
    queue,
    process,
    readModes: () => readModes(stage, state),
    note,
    clock,
    random,
    uuid,
    backoff: timing,
    settings: degradedMode,
    timeLeft: () => context.getRemainingTimeInMillis(),
    worstCase,
    observe: reportTo(stage, codeVersion),
  };
};

const readModes = async (stage: string, modes: StageWorld['state']): Promise<Modes> => {
  const [own, system] = await modes.readModes([stage, ROUTER_STAGE]);
  if (own === undefined || system === undefined) throw new Error('readModes left out a mode');
  return { own, system };
};
