/** The world around a stage's function, as its environment names it. */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ENV, readControlInterval } from '../../contract/environment.ts';
import { SnsAnnouncer } from '../aws/announcer.ts';
import { invokeClient, snsClient, sqsClient } from '../aws/clients.ts';
import { requireEnv } from '../aws/environment.ts';
import { LambdaFunctions } from '../aws/functions.ts';
import { DynamoHotKeyStore } from '../aws/hot-key-store.ts';
import { DynamoLateCrashStore } from '../aws/late-crash-store.ts';
import { describeError, log } from '../aws/log.ts';
import { DynamoParkingStore } from '../aws/parking-store.ts';
import { SqsQueueCounts } from '../aws/queue-counts.ts';
import { SqsStageQueue } from '../aws/queue.ts';
import { DynamoStateStore } from '../aws/state-store.ts';
import type { DrainWork } from '../core/stage/command.ts';
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
}

/** What stands before a queue's name in its URL, with a slash at the end. */
export const queuesUrlOf = (queueUrl: string): string => queueUrl.replace(/[^/]+$/, '');

/** A queue's name, by its ARN. */
const nameOf = (queueArn: string): string => queueArn.split(':').at(-1) ?? '';

/** @param codeVersion of the stage's code @throws Error that names the variable of the environment that is not set */
export const stageWorld = (dynamo: DynamoDBClient, codeVersion: string): StageWorld => {
  const sqs = sqsClient();
  const queueUrl = requireEnv(ENV.stageQueueUrl);
  const deadLetterQueueArn = requireEnv(ENV.deadLetterQueueArn);
  const queueCounts = new SqsQueueCounts(sqs, queuesUrlOf(queueUrl));
  const tables = { state: requireEnv(ENV.stateTable), parking: requireEnv(ENV.parkingTable) };
  return {
    state: new DynamoStateStore(dynamo, tables, Date.now),
    parking: new DynamoParkingStore(dynamo, tables.parking),
    lateCrashes: new DynamoLateCrashStore(dynamo, tables.state, Date.now),
    hotKeys: new DynamoHotKeyStore(dynamo, tables.state, Date.now),
    lastWords: new LastWordsFile({
      codeVersion,
      warn: (message, error) => {
        log('warn', message, { error: describeError(error) });
      },
    }),
    queue: new SqsStageQueue(sqs, queueUrl),
    queueLength: async () => {
      const counts = await queueCounts.read(queueUrl.slice(queuesUrlOf(queueUrl).length));
      return counts && counts.visible + counts.inFlight + counts.delayed;
    },
    // Queues of one account and region have URLs that differ in the name alone.
    deadLetterQueue: new SqsStageQueue(sqs, `${queuesUrlOf(queueUrl)}${nameOf(deadLetterQueueArn)}`),
    deadLetterQueueArn,
    startDrain: (work) =>
      new LambdaFunctions(invokeClient(), Date.now).startDrain(requireEnv('AWS_LAMBDA_FUNCTION_NAME'), work),
    announcer: new SnsAnnouncer(snsClient(), requireEnv(ENV.flipTopicArn)),
    names: { pipeline: requireEnv(ENV.pipeline), stackName: requireEnv(ENV.stackName) },
    controlInterval: readControlInterval(process.env),
    clock: Date.now,
    random: Math.random,
    uuid: randomUUID,
  };
};
