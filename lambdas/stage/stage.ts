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
import { failureOf } from '../core/crash.ts';
import { drainShard } from '../core/drain.ts';
import { takeInDeadLetters } from '../core/intake.ts';
import { CALL_MARGIN } from '../core/limits.ts';
import { changeMode } from '../core/mode-change.ts';
import type { ModeEvent } from '../core/mode-machine.ts';
import type { ModeRecord } from '../core/mode.ts';
import type { Process } from '../core/outcome.ts';
import { InfraFault, type IncomingMessage } from '../core/ports.ts';
import { heed } from '../core/last-words.ts';
import type { Modes, RunnerDeps } from '../core/runner-deps.ts';
import { readStageCommand, type ProbeAnswer } from '../core/stage-command.ts';
import { describeError, emitMetrics, log } from '../aws/log.ts';
import { reportTo } from './report.ts';
import type { UserCode } from './user-code.ts';
import type { StageWorld } from './world.ts';

export interface StageOptions {
  readonly stage: string;
  readonly process: Process;
  /** As `process` runs it; a probe tries whether it loads. */
  readonly code: UserCode;
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

/**
 * A queue's visibility timeout is at least 6 times the function's timeout, and a mapping may hold a batch for a while before it
 * invokes the function. For this many times as long as the function may run nobody else can have received the messages.
 */
const VISIBLE_AFTER = 3;

export const toMessage = ({ messageId, receiptHandle, body, attributes }: SQSRecord): IncomingMessage => ({
  id: messageId,
  receiptHandle,
  body,
  groupId: attributes.MessageGroupId ?? '',
  sequenceNumber: attributes.SequenceNumber ?? '',
  receiveCount: Number(attributes.ApproximateReceiveCount),
  sentAt: Number(attributes.SentTimestamp),
});

/**
 * @returns a function's handler: it takes events of its queue and of its dead-letter queue, and control's commands.
 *
 * Once, while the function starts: what a process that died in this environment had in hand is charged and given back.
 * Then, for each invocation:
 * 1. A probe tries whether the user's code loads, and answers.
 * 2. A batch of the queue is run, one of the dead-letter queue is parked, or a shard's parked keys are drained.
 * 3. What is still under way is waited for, and late failures of the user's code are recorded: Lambda freezes the function
 *    once it has answered, and what is under way then lands in the middle of a later invocation.
 */
export const stageHandler = (options: StageOptions, world: StageWorld) => {
  const heeded = heedLastWords(options, world);
  return async (event: unknown, context: Invocation): Promise<SQSBatchResponse | ProbeAnswer | undefined> => {
    const { code } = options;
    const left = context.getRemainingTimeInMillis();
    const published: Promise<void>[] = [];
    code.begin();
    await heeded;
    try {
      const command = readStageCommand(event);
      if (command?.sluice === 'probe') return await probe(options);
      const deps = runnerDeps(options, world, context, published);
      if (command === undefined) return await handleRecords(recordsOf(event), left, deps, world);
      await drainShard(command.shard, { ...deps, leaseTime: left + Math.max(left, LEASE_MARGIN) });
      return undefined;
    } finally {
      await Promise.allSettled(published);
      await recordLateCrashes(options, world);
      world.lastWords.clear();
    }
  };
};

/** Never rejects: without it the messages come back after the queue's own visibility timeout. */
const heedLastWords = async (
  { stage, codeVersion, timing }: StageOptions,
  { lastWords, queue, state, clock, random }: StageWorld,
): Promise<void> => {
  const words = lastWords.take();
  if (words === undefined) return;
  const observe = reportTo(stage, codeVersion);
  try {
    const landing = stage === ROUTER_STAGE ? CALL_MARGIN : Math.max(CALL_MARGIN, timing.requestTimeout);
    await heed(words, { stage, queue, state, backoff: timing, landing, clock, random, observe });
  } catch (error) {
    log('error', 'could not act on the last words', { stage, error: describeError(error) });
  }
};

/** Nothing depends on it but what an operator sees. */
const recordLateCrashes = async (
  { stage, code, codeVersion }: StageOptions,
  { lateCrashes }: StageWorld,
): Promise<void> => {
  const late = code.end();
  if (late === undefined) return;
  try {
    await lateCrashes.addLateCrashes(stage, late);
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    reportTo(stage, codeVersion)({ type: 'setback', step: 'late crashes', error });
  }
};

const handleRecords = async (
  records: readonly SQSRecord[],
  left: number,
  deps: RunnerDeps,
  { deadLetterQueue, deadLetterQueueArn, lastWords }: StageWorld,
): Promise<SQSBatchResponse> => {
  const messages = records.map(toMessage);
  // A mapping reads one queue, so the records of an event have one source.
  const isDead = records.some(({ eventSourceARN }) => eventSourceARN === deadLetterQueueArn);
  if (!isDead) {
    reportAge(messages, deps);
    lastWords.received(messages, deps.clock() + VISIBLE_AFTER * left);
  }
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
const probe = async ({ code, stage, codeVersion }: StageOptions): Promise<ProbeAnswer> => {
  try {
    const crash = await code.transforms.check();
    if (crash === undefined) return { ok: true, codeVersion };
    const { error, stack } = failureOf(crash);
    log('error', 'a probe found that the transform does not load', { stage, codeVersion, error, stack });
    return { ok: false, codeVersion, error, ...(stack === undefined ? {} : { stack }) };
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    // AWS did not give its secrets, so nothing was learned of the code.
    log('warn', 'a probe could not try the transform', { stage, codeVersion, error: describeError(error) });
    return { ok: true, codeVersion };
  }
};

/** @param published gets what is under way to be published */
const runnerDeps = (
  { stage, process, timing, degradedMode, worstCase, codeVersion }: StageOptions,
  world: StageWorld,
  context: Invocation,
  published: Promise<void>[],
): RunnerDeps => {
  const { state, parking, announcer, names, clock, random, uuid, lastWords } = world;
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
    queue: lastWords.watching(world.queue),
    process,
    lastWords,
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
