/**
 * What the functions of all stages share: from what Lambda invokes them with to the batch runner, the dead-letter intake
 * and the drain, and back.
 */
import type { Context, SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import { METRICS } from '../../contract/metrics.ts';
import type { DegradedModeSettings, TimingSettings } from '../../contract/settings.ts';
import { keepMode, publishMode } from '../core/mode/keeper.ts';
import { announcementOf } from '../core/mode/announcement.ts';
import { bestEffort } from '../core/stage/best-effort.ts';
import { runBatch } from '../core/stage/batch-runner.ts';
import { failureOf } from '../core/stage/crash.ts';
import { drainShard } from '../core/stage/drain.ts';
import { hold } from '../core/stage/hold.ts';
import { takeInDeadLetters } from '../core/stage/dead-letters.ts';
import { CALL_MARGIN } from '../core/base/limits.ts';
import type { ModeEvent } from '../core/mode/machine.ts';
import type { ModeRecord } from '../core/mode/record.ts';
import type { Process } from '../core/stage/outcome.ts';
import { InfraFault } from '../core/base/faults.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import { heed } from '../core/stage/last-words.ts';
import { ProgressNote } from '../core/mode/progress-note.ts';
import type { RunnerDeps } from '../core/stage/runner-deps.ts';
import { readStageCommand, type ProbeAnswer } from '../core/stage/command.ts';
import { runTrial } from '../core/stage/trial.ts';
import { describeError, emitMetrics, log } from '../aws/log.ts';
import { recordsOf, toMessage, toResponse } from './records.ts';
import { reportTo } from './report.ts';
import type { UserCode } from './user-code.ts';
import type { StageWorld } from './world.ts';

export interface StageOptions {
  readonly stage: string;
  readonly process: Process;
  /** As `process` runs it; a probe tries whether it loads. */
  readonly code: UserCode;
  readonly timing: TimingSettings;
  readonly degradedMode: DegradedModeSettings;
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
 * @returns a function's handler: it takes events of its queue and of its dead-letter queue, and control's commands.
 *
 * Once, while the function starts: what a process that died in this environment had in hand is charged and given back.
 * Then, for each invocation:
 * 1. A probe tries whether the user's code loads, and answers.
 * 2. A batch of the queue is run, one of the dead-letter queue is parked, a shard's parked keys are drained, or messages of a
 *    degraded stage are tried.
 * 3. What is still under way is waited for, and late failures of the user's code are recorded: Lambda freezes the function
 *    once it has answered, and what is under way then lands in the middle of a later invocation.
 */
export const stageHandler = (options: StageOptions, world: StageWorld) => {
  const started: Promise<void>[] = [];
  const heeded = heedLastWords(options, world, started);
  const { window } = options.degradedMode;
  const progressNote = new ProgressNote({ minute: world.controlInterval, window });
  return async (event: unknown, context: Invocation): Promise<SQSBatchResponse | ProbeAnswer | undefined> => {
    const { code } = options;
    const left = context.getRemainingTimeInMillis();
    code.begin();
    await heeded;
    const published = started.splice(0);
    try {
      const command = readStageCommand(event);
      if (command?.sluice === 'probe') return await probe(options);
      const deps = { ...runnerDeps(options, world, context, published), progressNote };
      if (command === undefined) return await handleRecords(recordsOf(event), deps, options, world);
      const leased = { ...deps, leaseTime: left + Math.max(left, LEASE_MARGIN) };
      if (command.sluice === 'trial') await runTrial(leased);
      else await drainShard(command.shard, leased);
      return undefined;
    } finally {
      await Promise.allSettled(published);
      await recordLateCrashes(options, world);
      world.lastWords.clear();
    }
  };
};

/**
 * Never rejects: without it the messages come back after the queue's own visibility timeout.
 * @param published as `runnerDeps` has it: the first invocation waits for it
 */
const heedLastWords = async (
  options: StageOptions,
  world: StageWorld,
  published: Promise<void>[],
): Promise<void> => {
  const { stage, codeVersion, timing, degradedMode: settings } = options;
  const { lastWords, queue, state, clock, random } = world;
  const words = lastWords.take();
  if (words === undefined) return;
  const observe = reportTo(stage, codeVersion);
  const note = noteOf(options, world, published);
  try {
    const landing = stage === ROUTER_STAGE ? CALL_MARGIN : Math.max(CALL_MARGIN, timing.requestTimeout);
    const limits = { backoff: timing, settings, landing };
    await heed(words, { stage, queue, state, note, ...limits, clock, random, observe });
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
  const observe = reportTo(stage, codeVersion);
  await bestEffort('late crashes', () => lateCrashes.addLateCrashes(stage, late), observe);
};

const handleRecords = async (
  records: readonly SQSRecord[],
  deps: RunnerDeps,
  { timing }: StageOptions,
  { queue, deadLetterQueue, deadLetterQueueArn, lastWords }: StageWorld,
): Promise<SQSBatchResponse> => {
  const messages = records.map(toMessage);
  // A mapping reads one queue, so the records of an event have one source.
  const isDead = records.some(({ eventSourceARN }) => eventSourceARN === deadLetterQueueArn);
  if (!isDead) reportAge(messages, deps);
  const visibility = deps.isDestination ? timing.deliverVisibility : timing.routerVisibility;
  const until = await hold(messages, { ...deps, queue: isDead ? deadLetterQueue : queue, visibility });
  if (until === undefined) return toResponse(messages.map(({ id }) => id));
  if (isDead) return toResponse(await takeInDeadLetters(messages, { ...deps, queue: deadLetterQueue }));
  lastWords.received(messages, until - CALL_MARGIN);
  return toResponse(await runBatch(messages, deps));
};

/** SQS's own metric of the age leaves out messages that were received before. */
const reportAge = (messages: readonly IncomingMessage[], { stage, clock }: RunnerDeps): void => {
  const oldest = Math.min(...messages.map(({ sentAt }) => sentAt));
  const age = Math.max(0, clock() - oldest) / 1000;
  if (Number.isFinite(age)) emitMetrics({ [METRICS.stage]: stage }, { [METRICS.oldestMessageAge]: age });
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

/** As `RunnerDeps` has it. @param published gets what is under way to be published */
const noteOf = (
  { stage, degradedMode }: StageOptions,
  { state, announcer, names, controlInterval, clock, uuid }: StageWorld,
  published: Promise<void>[],
): RunnerDeps['note'] => {
  const settings = { ...degradedMode, minute: controlInterval };
  const changes = {
    modes: state,
    clock,
    uuid,
    settings,
    routerStage: ROUTER_STAGE,
    announcer,
    announcement: (of: string, record: ModeRecord) =>
      announcementOf(of, record, names, settings, ROUTER_STAGE),
  };
  const publish = async (record: ModeRecord): Promise<void> => {
    try {
      await publishMode(changes, stage, record);
    } catch (error) {
      const message = 'could not publish a change of mode; control will';
      log('warn', message, { stage, error: describeError(error) });
    }
  };
  return (event: ModeEvent): Promise<ModeRecord> =>
    keepMode(changes, stage, event, ({ before, after }) => {
      const { mode, epoch, reason } = after;
      log('error', 'the mode changed', { stage, from: before.mode, to: mode, epoch, reason });
      // In the background: messages must not wait for a topic.
      published.push(publish(after));
    });
};

/** @param published gets what is under way to be published */
const runnerDeps = (
  options: StageOptions,
  world: StageWorld,
  context: Invocation,
  published: Promise<void>[],
): Omit<RunnerDeps, 'progressNote'> => {
  const { stage, process, timing, degradedMode, worstCase, codeVersion } = options;
  const { state, parking, clock, random, uuid, lastWords } = world;
  return {
    stage,
    isDestination: stage !== ROUTER_STAGE,
    codeVersion,
    state,
    parking,
    queue: lastWords.watching(world.queue),
    process,
    lastWords,
    readModes: () => state.readStored(stage, ROUTER_STAGE),
    note: noteOf(options, world, published),
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
