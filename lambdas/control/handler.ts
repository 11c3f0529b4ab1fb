/** Control's wiring: runs once a minute and on each change of a mode, carries out operators' commands, and resolves alarms that a deployment removes. */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { readAlignedList, wholeUuid } from '../../contract/aligned-list.ts';
import type { ControlBundle } from '../../contract/bundle.ts';
import { CANARY } from '../../contract/canary.ts';
import { ENV, readControlInterval } from '../../contract/environment.ts';
import type { ControlAnswer } from '../../contract/operations.ts';
import { CloudWatchAlarms, respondToCloudFormation } from '../aws/alarms.ts';
import { SnsAnnouncer } from '../aws/announcer.ts';
import { readBundle } from '../aws/bundle.ts';
import { DynamoCanaryStore } from '../aws/canary-store.ts';
import * as clients from '../aws/clients.ts';
import { DynamoErasureStore } from '../aws/erasure-store.ts';
import { requireEnv } from '../aws/environment.ts';
import { LambdaFunctions } from '../aws/functions.ts';
import { DynamoHotKeyStore } from '../aws/hot-key-store.ts';
import { DynamoLateCrashStore } from '../aws/late-crash-store.ts';
import { forLambda, log } from '../aws/log.ts';
import { once } from '../aws/later.ts';
import { LambdaMappings } from '../aws/mappings.ts';
import { CloudWatchMetrics, LoggedMetrics } from '../aws/metrics.ts';
import { DynamoParkingStore } from '../aws/parking-store.ts';
import { SqsQueueCounts } from '../aws/queue-counts.ts';
import { SqsQueueSender } from '../aws/queue.ts';
import { DynamoRejectionStore } from '../aws/rejection-store.ts';
import { DynamoReplayStore } from '../aws/replay-store.ts';
import { DynamoRetentionStore } from '../aws/retention-store.ts';
import { dynamoCalls } from '../aws/sdk-calls.ts';
import { DynamoSeenIdsStore } from '../aws/seen-ids-store.ts';
import { DynamoStageRegistry } from '../aws/stage-registry.ts';
import { DynamoStateStore } from '../aws/state-store.ts';
import { InfraFault } from '../core/base/faults.ts';
import { announcementOf } from '../core/mode/announcement.ts';
import { refusedAdmission } from './admission.ts';
import type { ArchiveFiles } from '../core/stage/replay-port.ts';
import { control } from './control.ts';
import type { ControlDeps, ControlledStage } from './ports.ts';
import { QuietMetrics } from './quiet-metrics.ts';
import { followAlarms, readAlarmsRequest, type AlarmsDeps } from './removed-alarms.ts';

const { stages, degradedMode, sources, records, archive, canary } = readBundle() as ControlBundle;
const tables = { state: requireEnv(ENV.stateTable), parking: requireEnv(ENV.parkingTable) };
const settings = { ...degradedMode, minute: readControlInterval(process.env) };
const names = { pipeline: requireEnv(ENV.pipeline), stackName: requireEnv(ENV.stackName) };
const queuesUrl = requireEnv(ENV.queuesUrl);
const [dynamo, sqs, cloudWatch] = [clients.dynamoClient(), clients.sqsClient(), clients.cloudWatchClient()];

/** S3's client is in a file of its own: control reads it at the first replay. */
const laterFiles = (prefix: string): ArchiveFiles => {
  const load = once(async () => {
    const { s3Archive } = await import('../aws/archive-files.ts');
    return s3Archive({ bucket: requireEnv(ENV.archiveBucket), prefix });
  });
  return {
    files: async (range) => (await load()).files(range),
    lines: async function* (file) {
      yield* (await load()).lines(file);
    },
  };
};

const world: Omit<ControlDeps, 'stages' | 'timeLeft'> = {
  pipeline: names.pipeline,
  settings,
  drainConcurrency: degradedMode.drainConcurrency,
  modes: new DynamoStateStore(dynamoCalls(dynamo), tables, Date.now),
  lateCrashes: new DynamoLateCrashStore(dynamo, tables.state, Date.now),
  hotKeys: new DynamoHotKeyStore(dynamo, tables.state, Date.now),
  parking: new DynamoParkingStore(dynamo, tables.parking),
  rejections: new DynamoRejectionStore(dynamo, tables.parking),
  retention:
    records === undefined
      ? undefined
      : { time: records.retention, store: new DynamoRetentionStore(dynamo, tables.state) },
  canary:
    canary === undefined
      ? undefined
      : { ...canary, store: new DynamoCanaryStore(dynamoCalls(dynamo), tables.state, CANARY) },
  archive:
    archive === undefined
      ? undefined
      : {
          destinations: archive.destinations,
          functionTime: archive.functionTime,
          days: archive.days,
          replays: new DynamoReplayStore(dynamo, tables.state),
          erasures: new DynamoErasureStore(dynamo, tables.state),
          files: laterFiles(archive.prefix),
        },
  // For empty records only, which nothing needs for longer.
  seen: new DynamoSeenIdsStore(dynamoCalls(dynamo), tables.state, { window: 0 }, Date.now),
  registry: new DynamoStageRegistry(dynamo, tables.state),
  mappings: new LambdaMappings(clients.lambdaClient()),
  names: new Map(),
  functions: new LambdaFunctions(clients.invokeClient(), Date.now),
  counts: new SqsQueueCounts(sqs, queuesUrl),
  metrics: new QuietMetrics(new CloudWatchMetrics(cloudWatch), new LoggedMetrics(), Date.now),
  announcer: new SnsAnnouncer(clients.snsClient(), requireEnv(ENV.flipTopicArn)),
  announcement: (stage, record) => announcementOf(stage, record, names, settings),
  orderByOf: new Map(sources.map(({ id, orderBy }) => [id, orderBy])),
  sender: (queueName) => new SqsQueueSender(sqs, `${queuesUrl}${queueName}`),
  clock: Date.now,
  newId: randomUUID,
  uuid: randomUUID,
  log,
};

const alarmsDeps: AlarmsDeps = {
  alarms: new CloudWatchAlarms(cloudWatch),
  respond: respondToCloudFormation,
  wait: (milliseconds) => setTimeout(milliseconds),
  log,
};

/** @throws InfraFault in the middle of a deployment: the next minute's run has code and environment of the same one */
const readStages = (): readonly ControlledStage[] => {
  const ids = stages.map(({ id }) => id);
  const mappings = readAlignedList(ids, requireEnv(ENV.mappingIds));
  if (mappings === undefined)
    throw new InfraFault(`${ENV.mappingIds} belongs to another deployment than the code`);
  return stages.map(({ id, ...bounds }) => ({
    id,
    ...bounds,
    mappingId: wholeUuid(mappings.get(id) ?? ''),
  }));
};

export const handler = async (event: unknown, context: Context): Promise<ControlAnswer | undefined> => {
  try {
    const refused = refusedAdmission(event, context.invokedFunctionArn, log);
    if (refused !== undefined) return refused;
    // In the middle of a deployment, by its nature: it must not need what is of one deployment only.
    const alarms = readAlarmsRequest(event);
    if (alarms === undefined) {
      const timeLeft = () => context.getRemainingTimeInMillis();
      return await control(event, { ...world, stages: readStages(), timeLeft });
    }
    await followAlarms(alarms, alarmsDeps);
    return undefined;
  } catch (error) {
    throw forLambda(error);
  }
};
