/** The world around a stage's function, as its environment names it. */
import { randomUUID } from 'node:crypto';
import { ENV, readControlInterval } from '../../contract/environment.ts';
import { directCalls, type DirectCalls } from '../aws/direct-calls.ts';
import { requireEnv } from '../aws/environment.ts';
import { later, once } from '../aws/later.ts';
import { describeError, log } from '../aws/log.ts';
import { SqsStageQueue } from '../aws/stage-queue.ts';
import { DynamoStateStore } from '../aws/state-store.ts';
import type { DrainWork } from '../core/stage/command.ts';
import type { RejectionStore } from '../core/event/ports.ts';
import type { PipelineNames } from '../core/mode/announcement.ts';
import type { ParkingStore } from '../core/stage/parking-port.ts';
import type { Announcer, LateCrashStore, ModeStore } from '../core/mode/ports.ts';
import type { Clock, Random } from '../core/base/clock.ts';
import type { HotKeyStore, StageQueue, StateStore } from '../core/stage/ports.ts';
import { LastWordsFile, type StageLastWords } from './last-words-file.ts';

export interface StageWorld {
  readonly state: StateStore & ModeStore;
  readonly parking: ParkingStore;
  readonly lateCrashes: LateCrashStore;
  readonly hotKeys: HotKeyStore;
  readonly lastWords: StageLastWords;
  readonly queue: StageQueue;
  /** About how many messages the queue holds. @throws InfraFault */
  readonly queueLength: () => Promise<number | undefined>;
  readonly deadLetterQueue: StageQueue;
  readonly deadLetterQueueArn: string;
  readonly announcer: Announcer;
  /** Starts another worker of this function, and does not wait for it. @throws InfraFault */
  readonly startDrain: (work: DrainWork) => Promise<void>;
  readonly names: PipelineNames;
  /** Between two runs of control, milliseconds. */
  readonly controlInterval: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly uuid: () => string;
  /** Ends this process in the middle of its invocation. */
  readonly endProcess: () => void;
}

/** With what the stages' work asks for besides. */
export interface FunctionWorld extends StageWorld {
  readonly calls: DirectCalls;
  readonly rejections: RejectionStore;
}

/** What stands before a queue's name in its URL, with a slash at the end. */
export const queuesUrlOf = (queueUrl: string): string => queueUrl.replace(/[^/]+$/, '');

/** A queue's name, by its ARN. */
const nameOf = (queueArn: string): string => queueArn.split(':').at(-1) ?? '';

/**
 * What is asked for with each batch is called without the SDK. The rest is loaded by its first call: most environments of a function never
 * park, reject or announce anything.
 * @param codeVersion of the stage's code @throws Error that names the variable of the environment that is not set
 */
export const stageWorld = (codeVersion: string): FunctionWorld => {
  const queueUrl = requireEnv(ENV.stageQueueUrl);
  const queuesUrl = queuesUrlOf(queueUrl);
  const deadLetterQueueArn = requireEnv(ENV.deadLetterQueueArn);
  const tables = { state: requireEnv(ENV.stateTable), parking: requireEnv(ENV.parkingTable) };
  const topicArn = requireEnv(ENV.flipTopicArn);
  const calls = directCalls(queueUrl, Date.now, Math.random);
  const overDynamo = once(async () => {
    const { seldomDynamo } = await import('./seldom-dynamo.ts');
    return seldomDynamo(tables, Date.now);
  });
  const overOthers = once(async () => {
    const { seldomOthers } = await import('./seldom-others.ts');
    return seldomOthers(topicArn, queuesUrl, Date.now);
  });
  return {
    calls,
    state: new DynamoStateStore(calls.dynamo, tables, Date.now),
    parking: later<ParkingStore>(async () => (await overDynamo()).parking),
    rejections: later<RejectionStore>(async () => (await overDynamo()).rejections),
    lateCrashes: later<LateCrashStore>(async () => (await overDynamo()).lateCrashes),
    hotKeys: later<HotKeyStore>(async () => (await overDynamo()).hotKeys),
    lastWords: new LastWordsFile({
      codeVersion,
      warn: (message, error) => {
        log('warn', message, { error: describeError(error) });
      },
    }),
    queue: new SqsStageQueue(calls.sqs, queueUrl),
    queueLength: async () => {
      const counts = await (await overOthers()).queueCounts.read(queueUrl.slice(queuesUrl.length));
      return counts && counts.visible + counts.inFlight + counts.delayed;
    },
    // Queues of one account and region have URLs that differ in the name alone.
    deadLetterQueue: new SqsStageQueue(calls.sqs, `${queuesUrl}${nameOf(deadLetterQueueArn)}`),
    deadLetterQueueArn,
    startDrain: async (work) =>
      (await overOthers()).functions.startDrain(requireEnv('AWS_LAMBDA_FUNCTION_NAME'), work),
    announcer: later<Announcer>(async () => (await overOthers()).announcer),
    names: { pipeline: requireEnv(ENV.pipeline), stackName: requireEnv(ENV.stackName) },
    controlInterval: readControlInterval(process.env),
    clock: Date.now,
    random: Math.random,
    uuid: randomUUID,
    // `process.exit` would wait for the thread because of which this is done.
    endProcess: () => process.kill(process.pid, 'SIGKILL'),
  };
};
