/**
 * What the functions of all stages share: from what Lambda invokes them with to the batch runner, the dead-letter consumer
 * and the drain, and back.
 */
import type { Context, SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import { METRICS } from '../../contract/metrics.ts';
import type { DegradedModeSettings, TimingSettings } from '../../contract/settings.ts';
import { bestEffort } from '../core/stage/best-effort.ts';
import { runBatch } from '../core/stage/batch-runner.ts';
import { drain } from '../core/stage/drain.ts';
import { hold } from '../core/stage/hold.ts';
import { takeInDeadLetters } from '../core/stage/dead-letters.ts';
import { CALL_MARGIN } from '../core/base/limits.ts';
import type { Process } from '../core/stage/outcome.ts';
import type { Redact } from '../core/base/redaction.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import { heed } from '../core/stage/last-words.ts';
import { ProgressNote } from '../core/mode/progress-note.ts';
import type { RunnerDeps, RunnerMode, RunnerTime } from '../core/stage/runner-deps.ts';
import { deleteInOrder } from '../core/stage/queue-steps.ts';
import { readStageCommand, successorOf, type DrainWork, type ProbeAnswer } from '../core/stage/command.ts';
import { runTrial } from '../core/stage/trial.ts';
import {
  collectMetrics,
  describeError,
  emitMetrics,
  emitNow,
  forLambda,
  log,
  redactLogs,
  writeMetrics,
} from '../aws/log.ts';
import { BacklogWatch } from './backlog-watch.ts';
import { redactedCode, redactedProcess } from './redacted.ts';
import { noteOf } from './note.ts';
import { recordsOf, toMessage, toResponse } from './records.ts';
import { probe } from './probe.ts';
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
  /** See `RunnerTime`; milliseconds. */
  readonly worstCase: number;
  /** Takes the secrets that the stage has read out of a text: out of all that it logs, stores and answers. */
  readonly redact: Redact;
  /** Content hash of the stage's code. */
  readonly codeVersion: string;
}

type StageAnswer = SQSBatchResponse | ProbeAnswer | undefined;
type Invocation = Pick<Context, 'getRemainingTimeInMillis'>;

/**
 * By how much a lease outlives the function that has it at least, milliseconds: more than its last call of AWS may take
 * to land. For longer functions it is as much as they can live.
 */
const LEASE_MARGIN = 10_000;

/** Milliseconds within which a function learns how much time it has: by so much less it is told. */
const STARTED = 1_000;

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
 * 4. What was counted on the way is written: one line for each set of dimensions.
 * 5. If a thread of the user's code does not end, the process does, so that it does no harm to a later batch. Lambda takes that for a
 *    failed invocation, so everything in the queue is settled by then.
 */
export const stageHandler = (given: StageOptions, world: StageWorld) => {
  const { redact } = given;
  redactLogs(redact);
  const options = {
    ...given,
    process: redactedProcess(given.process, redact),
    code: redactedCode(given.code, redact),
  };
  const started: Promise<void>[] = [];
  const heeded = heedLastWords(options, world, started);
  const { window } = options.degradedMode;
  const progressNote = new ProgressNote({ minute: world.controlInterval, window });
  const { stage, codeVersion, degradedMode } = options;
  const backlogs = new BacklogWatch(stage, degradedMode.spillBacklog, reportTo(stage, codeVersion), world);
  const invoke = async (event: unknown, context: Invocation) => {
    const { code } = options;
    const left = context.getRemainingTimeInMillis();
    code.begin();
    await heeded;
    const published = started.splice(0);
    try {
      const command = readStageCommand(event);
      if (command?.sluice === 'probe') return await probe(options);
      const deps = runnerDeps(options, world, {
        note: noteOf(options, world, published),
        progressNote,
        timeLeft: () => (code.isSpent ? 0 : context.getRemainingTimeInMillis()),
        functionTime: left + STARTED,
        leaseTime: left + Math.max(left, LEASE_MARGIN),
        hidesOthers: (messages) => backlogs.hidesOthers(messages),
      });
      if (command === undefined) return await handleRecords(recordsOf(event), deps, backlogs, options, world);
      if (command.sluice === 'trial') await runTrial(deps);
      else if (await drain(command, deps)) await startSuccessor(command, world, deps);
      return undefined;
    } finally {
      await Promise.allSettled(published);
      await recordLateCrashes(options, world);
      await backlogs.report();
      world.lastWords.clear();
    }
  };
  return async (event: unknown, context: Invocation): Promise<StageAnswer> => {
    collectMetrics();
    try {
      return await invoke(event, context);
    } catch (error) {
      throw forLambda(error);
    } finally {
      writeMetrics();
      // A probe's answer is what it is for: the next invocation ends the process.
      if (options.code.hasAbandoned && readStageCommand(event)?.sluice !== 'probe') world.endProcess();
    }
  };
};

/**
 * Never rejects: without it the messages come back after the queue's own visibility timeout.
 * @param published as `noteOf` has it: the first invocation waits for it
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
    await heed(words, {
      stage: { name: stage },
      ports: { queue, state, observe },
      mode: { note },
      time: { clock, backoff: timing, random },
      settings,
      landing,
    });
  } catch (error) {
    log('error', 'could not act on the last words', { stage, error: describeError(error) });
  }
};

/** Control starts workers each minute: until then there would be none for what this one has not come to. */
const startSuccessor = async (
  work: DrainWork,
  { startDrain, clock }: StageWorld,
  { ports }: RunnerDeps,
): Promise<void> => {
  const successor = successorOf(work, clock());
  if (successor !== undefined) await bestEffort('successor', () => startDrain(successor), ports.observe);
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
  backlogs: BacklogWatch,
  { timing, code }: StageOptions,
  { queue, deadLetterQueue, deadLetterQueueArn, lastWords }: StageWorld,
): Promise<SQSBatchResponse> => {
  const messages = records.map(toMessage);
  // A mapping reads one queue, so the records of an event have one source.
  const isDead = records.some(({ eventSourceARN }) => eventSourceARN === deadLetterQueueArn);
  if (!isDead) reportAge(messages, deps);
  const { stage, ports, time } = deps;
  if (!isDead) await backlogs.received(messages);
  const visibility = stage.isDestination ? timing.deliverVisibility : timing.routerVisibility;
  const held = { ...ports, queue: isDead ? deadLetterQueue : queue };
  const until = await hold(messages, { ports: held, time, visibility });
  if (until === undefined) return toResponse(messages.map(({ id }) => id));
  if (isDead) return toResponse(await takeInDeadLetters(messages, { ...deps, ports: held }));
  lastWords.received(messages, until - CALL_MARGIN);
  if (code.hasAbandoned) lastWords.abandoned();
  const kept = await runBatch(messages, deps);
  // Nobody hears the answer.
  if (code.hasAbandoned)
    await deleteInOrder(
      messages.filter(({ id }) => !kept.includes(id)),
      deps.ports,
    );
  return toResponse(kept);
};

/**
 * SQS's own metric of the age leaves out messages that were received before. Theirs is written before they are begun: if they end the
 * process each time, nothing else says how long they have waited.
 */
const reportAge = (
  messages: readonly IncomingMessage[],
  { stage, time }: Pick<RunnerDeps, 'stage' | 'time'>,
): void => {
  const oldest = Math.min(...messages.map(({ sentAt }) => sentAt));
  const age = Math.max(0, time.clock() - oldest) / 1000;
  const emit = messages.some(({ receiveCount }) => receiveCount > 1) ? emitNow : emitMetrics;
  if (Number.isFinite(age)) emit({ [METRICS.stage]: stage.name }, { [METRICS.oldestMessageAge]: age });
};

type OfInvocation = Pick<RunnerMode, 'note' | 'progressNote'> &
  Pick<RunnerTime, 'timeLeft' | 'functionTime' | 'leaseTime'> &
  Pick<RunnerDeps['ports'], 'hidesOthers'>;

const runnerDeps = (
  { stage, process, timing, degradedMode, worstCase, codeVersion }: StageOptions,
  { state, parking, queue, lastWords, clock, random, uuid }: StageWorld,
  { note, progressNote, timeLeft, functionTime, leaseTime, hidesOthers }: OfInvocation,
): RunnerDeps => ({
  stage: { name: stage, isDestination: stage !== ROUTER_STAGE, codeVersion },
  ports: {
    state,
    parking,
    queue: lastWords.watching(queue),
    process,
    lastWords,
    hidesOthers,
    uuid,
    observe: reportTo(stage, codeVersion),
  },
  mode: { readModes: () => state.readStored(stage, ROUTER_STAGE), note, progressNote },
  time: { clock, timeLeft, worstCase, functionTime, leaseTime, backoff: timing, random },
  settings: degradedMode,
});
