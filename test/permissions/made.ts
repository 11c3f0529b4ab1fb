/** The calls of AWS that each function makes: every method of every adapter that its wiring uses, asked with its own names. */
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import { DynamoCanaryStore } from '../../lambdas/aws/canary-store.ts';
import { CloudWatchAlarms } from '../../lambdas/aws/alarms.ts';
import { SnsAnnouncer } from '../../lambdas/aws/announcer.ts';
import { DynamoErasureStore } from '../../lambdas/aws/erasure-store.ts';
import { LambdaFunctions } from '../../lambdas/aws/functions.ts';
import { DynamoHotKeyStore } from '../../lambdas/aws/hot-key-store.ts';
import { DynamoLateCrashStore } from '../../lambdas/aws/late-crash-store.ts';
import { LambdaMappings } from '../../lambdas/aws/mappings.ts';
import { CloudWatchMetrics } from '../../lambdas/aws/metrics.ts';
import { DynamoParkingStore } from '../../lambdas/aws/parking-store.ts';
import { SqsQueueCounts } from '../../lambdas/aws/queue-counts.ts';
import { DirectQueueSender } from '../../lambdas/aws/direct-sender.ts';
import { queueProbe } from '../../lambdas/aws/queue-probe.ts';
import { SqsQueueSender } from '../../lambdas/aws/queue.ts';
import { SqsStageQueue } from '../../lambdas/aws/stage-queue.ts';
import { DynamoRejectionStore } from '../../lambdas/aws/rejection-store.ts';
import { secretReader } from '../../lambdas/aws/secret-reader.ts';
import { DynamoReplayStore } from '../../lambdas/aws/replay-store.ts';
import { DynamoRetentionStore } from '../../lambdas/aws/retention-store.ts';
import { dynamoCalls } from '../../lambdas/aws/sdk-calls.ts';
import { DynamoSeenIdsStore } from '../../lambdas/aws/seen-ids-store.ts';
import { DynamoStageRegistry } from '../../lambdas/aws/stage-registry.ts';
import { DynamoStateStore, modeKey } from '../../lambdas/aws/state-store.ts';
import { NOTHING_SEEN } from '../../lambdas/core/event/retention.ts';
import { NORMAL, UNREADABLE } from '../../lambdas/core/mode/record.ts';
import type { OutgoingMessage } from '../../lambdas/core/base/messages.ts';
import type { Announcement } from '../../lambdas/core/mode/ports.ts';
import type { Rejection } from '../../lambdas/core/event/ports.ts';
import type { ParkedMessage } from '../../lambdas/core/stage/parking-port.ts';
import { message } from '../support/fakes.ts';
import { both } from '../lib/example.ts';
import type { Call } from '../support/iam/calls.ts';
import { nameOf, roles } from './example.ts';

const KEY = 'order-key';
const clock = (): number => 1_000_000;
const lease = { now: 1, until: 2, owner: 'me', nextAttemptAt: 3, triedEpoch: 0 };
const parked: ParkedMessage = {
  sort: 'A#1',
  id: '1',
  groupId: KEY,
  body: '{}',
  sequenceNumber: '1',
  sentAt: 1,
  parkedAt: 2,
};
const rejection = (stage: string): Rejection => ({
  stage,
  id: '1',
  receivedAt: '2026-01-01T00:00:00.000Z',
  at: 1,
  reason: 'r',
  sourceId: 'web',
  body: '{}',
  sha256: '',
  size: 2,
});

const REPLAY = {
  id: 'r1',
  stage: 'crm',
  selection: { from: 1, to: 2 },
  end: 2,
  position: { at: 1 },
  counts: { events: 0, messages: 0, withheld: 0, erased: 0 },
  startedAt: 1,
};

/** What an adapter needs in an answer to go through with its method; most make do with nothing. */
const ANSWERS: Readonly<Record<string, object>> = {
  DeleteMessageBatch: { Successful: [{ Id: '0' }] },
  ChangeMessageVisibilityBatch: { Successful: [{ Id: '0' }] },
  GetEventSourceMapping: {
    FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:q.fifo',
  },
  GetSecretValue: { SecretString: 's' },
  GetQueueAttributes: {
    Attributes: {
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      ApproximateNumberOfMessagesDelayed: '0',
      RedrivePolicy: '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:d.fifo"}',
    },
  },
};

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: Record<string, unknown>;
}

/** Stands in for every client: it records the calls. */
class Recorder {
  readonly calls: Call[] = [];

  client(service: string): never {
    const call = this.call(service);
    const send = ({ constructor, input }: Command): Promise<object> =>
      call(constructor.name.replace(/Command$/, ''), input);
    return { send } as never;
  }

  /** The same, of what calls without the SDK. */
  call(service: string): (operation: string, input: object) => Promise<object> {
    return (operation, input) => {
      this.calls.push({ service, operation, input: input as Record<string, unknown> });
      return Promise.resolve(ANSWERS[operation] ?? {});
    };
  }
}

const TABLES = { state: nameOf('Tables/State'), parking: nameOf('Tables/Parking') };
const TOPIC = roles.resolved({ Ref: nameOf('Flips/Topic') }) as string;
const QUEUES_URL = 'http://127.0.0.1:1/000000000000/';
const queueName = (place: string): string => `${nameOf(place)}.fifo`;
const handlerOf = (place: string): string => nameOf(`${place}/Function/Handler`);

/** Methods of a stage's own adapters: see `lambdas/stage/world.ts`. */
const byStage = async (recorder: Recorder, stage: string, place: string): Promise<void> => {
  const dynamo = recorder.client('dynamodb');
  const state = new DynamoStateStore(recorder.call('dynamodb'), TABLES, clock);
  await state.read(stage, { attemptsOf: ['1', '2'], keys: [KEY] });
  await state.readStored(stage, ROUTER_STAGE);
  await state.writeMode(stage, { ...NORMAL, rev: 1 }, NORMAL);
  await state.writeMode(stage, { ...NORMAL, rev: 2 }, { ...NORMAL, rev: 1 });
  await state.writeMode(stage, { ...NORMAL, rev: 1 }, UNREADABLE);
  await state.saveAttempt(stage, '1', { failures: 1 });
  await state.saveProgress(stage, { deliveredAt: 1, filteredAt: 2 });
  const hotKeys = new DynamoHotKeyStore(dynamo, TABLES.state, clock);
  await hotKeys.saveHotKeys(stage, []);
  const late = new DynamoLateCrashStore(dynamo, TABLES.state, clock);
  await late.addLateCrashes(stage, {
    count: 1,
    last: { kind: 'throw', error: 'e', codeVersion: 'v', at: 1 },
  });
  await ofParking(new DynamoParkingStore(dynamo, TABLES.parking), stage);
  await new DynamoRejectionStore(dynamo, TABLES.parking).save(rejection(stage));
  for (const queue of [`${place}/Queue`, `${place}/DeadLetterQueue`]) {
    const own = new SqsStageQueue(recorder.call('sqs'), `${QUEUES_URL}${queueName(queue)}`);
    await own.receive(10);
    await own.setVisibility([message('1', KEY)], 5);
    await own.delete(message('1', KEY));
  }
  const counts = new SqsQueueCounts(recorder.client('sqs'), QUEUES_URL);
  await counts.read(queueName(`${place}/Queue`));
  await new LambdaFunctions(recorder.client('lambda'), clock).startDrain(handlerOf(place), { shard: 1 });
  await announce(recorder);
};

const canary = async (recorder: Recorder, stage: string): Promise<void> => {
  const store = new DynamoCanaryStore(recorder.call('dynamodb'), TABLES.state, stage, clock);
  await store.readSettings();
  await store.order({ answer: 'take', until: 1 });
  await store.noteDrill(1);
  await store.readArrivals('r1');
  await store.addArrival('r1', { id: 'e', delivery: 'd', at: 1 });
  await store.readPages();
  await store.addPage({ state: 'OK', changedAt: 1, receivedAt: 2 });
};

const announce = (recorder: Recorder): Promise<void> =>
  new SnsAnnouncer(recorder.client('sns'), TOPIC).announce({
    pipeline: 'p',
    stage: 's',
    mode: 'normal',
    text: 't',
  } as Announcement);

const ofParking = async (store: DynamoParkingStore, stage: string): Promise<void> => {
  await store.hasMessage(stage, KEY, 'A#1');
  await store.putMessage(stage, parked);
  await store.saveMessage(stage, parked);
  await store.saveAttempt(stage, parked, { failures: 1 });
  await store.touchHead(stage, KEY, { token: 't', now: 1, reason: 'r' });
  await store.readHead(stage, KEY);
  await store.takeLease(stage, { key: KEY, failures: 0 }, lease);
  await store.releaseLease(stage, KEY, 'me', { failures: 0 });
  await store.resetFailures(stage, KEY, 'me', { nextAttemptAt: 8 });
  await store.setReason(stage, KEY, 'me', 'r');
  await store.deleteHead(stage, KEY, 't', 'me');
  await store.oldest(stage, KEY, 1);
  await store.page(stage, KEY, 1);
  await store.countMessages(stage, KEY, 1);
  await store.deleteMessage(stage, KEY, 'A#1');
  await store.heads(stage, 7, { limit: 1, until: 5 });
};

const recording = async (work: (recorder: Recorder) => Promise<unknown>): Promise<readonly Call[]> => {
  const recorder = new Recorder();
  await work(recorder);
  return recorder.calls;
};

const MESSAGE: OutgoingMessage = { body: '{}', groupId: KEY, deduplicationId: '1' };

const send = (recorder: Recorder, queue: string): Promise<unknown> =>
  new SqsQueueSender(recorder.client('sqs'), `${QUEUES_URL}${queueName(queue)}`).send([MESSAGE]);

const router = (): Promise<readonly Call[]> =>
  recording(async (recorder) => {
    await byStage(recorder, ROUTER_STAGE, 'Router');
    const dynamo = recorder.client('dynamodb');
    const seen = new DynamoSeenIdsStore(recorder.call('dynamodb'), TABLES.state, { window: 1 }, clock);
    await seen.read(KEY);
    await seen.save(KEY, []);
    await new DynamoRejectionStore(dynamo, TABLES.parking).save(rejection('ingest'));
    for (const place of ['Destination-crm/Queue', 'Destination-a1/Queue'])
      await new DirectQueueSender(recorder.call('sqs'), `${QUEUES_URL}${queueName(place)}`).send([MESSAGE]);
  });

const deliver = (): Promise<readonly Call[]> =>
  recording(async (recorder) => {
    await byStage(recorder, 'crm', 'Destination-crm');
    // The canary's stage is a destination as any other: its id alone differs.
    await canary(recorder, 'crm');
    const read = secretReader(recorder.client('secretsmanager'));
    await read('crm/token');
    await read('crm/signing');
  });

const ingest = (): Promise<readonly Call[]> =>
  recording(async (recorder) => {
    const url = `${QUEUES_URL}${queueName('Router/Queue')}`;
    await new DirectQueueSender(recorder.call('sqs'), url).send([MESSAGE]);
    await queueProbe(recorder.call('sqs'), url)(new AbortController().signal).catch(() => undefined);
    // As `mode-reader.ts` asks, which makes its own client.
    const [pk, sk] = [modeKey(ROUTER_STAGE).pk, modeKey(ROUTER_STAGE).sk];
    recorder.calls.push({
      service: 'dynamodb',
      operation: 'GetItem',
      input: { TableName: TABLES.state, Key: { pk: { S: pk }, sk: { S: sk } } },
    });
  });

const control = (): Promise<readonly Call[]> =>
  recording(async (recorder) => {
    const dynamo = recorder.client('dynamodb');
    const sqs = recorder.client('sqs');
    const stages = [ROUTER_STAGE, 'crm', 'a1', 'removed'];
    const state = new DynamoStateStore(dynamoCalls(dynamo), TABLES, clock);
    await state.readModes(stages);
    await new DynamoHotKeyStore(dynamo, TABLES.state, clock).readHotKeys(stages);
    await new DynamoLateCrashStore(dynamo, TABLES.state, clock).readLateCrashes(stages);
    await new DynamoSeenIdsStore(dynamoCalls(dynamo), TABLES.state, { window: 0 }, clock).save(KEY, []);
    const registry = new DynamoStageRegistry(dynamo, TABLES.state);
    await registry.read();
    await registry.save(new Map([['crm', { queueName: 'q', deadLetterQueueName: 'd' }]]));
    for (const stage of stages) {
      await state.readStored(stage, ROUTER_STAGE);
      await state.writeMode(stage, { ...NORMAL, rev: 1 }, NORMAL);
      await state.writeMode(stage, { ...NORMAL, rev: 1 }, UNREADABLE);
      await ofParking(new DynamoParkingStore(dynamo, TABLES.parking), stage);
    }
    for (const stage of [...stages, 'ingest']) {
      const rejections = new DynamoRejectionStore(dynamo, TABLES.parking);
      await rejections.save(rejection(stage));
      await rejections.list(stage, { limit: 1 });
      await rejections.find(stage, '1');
      await rejections.remove(rejection(stage));
      await rejections.removeUnchanged(rejection(stage));
    }
    const retention = new DynamoRetentionStore(dynamo, TABLES.state);
    await retention.readSweeps();
    await retention.saveSweeps(new Map());
    await retention.readSeen('crm');
    await retention.saveSeen('crm', NOTHING_SEEN);
    const replays = new DynamoReplayStore(dynamo, TABLES.state);
    await replays.read('r1');
    await replays.save({ ...REPLAY, rev: 1 });
    await replays.save({ ...REPLAY, rev: 2 });
    const erasures = new DynamoErasureStore(dynamo, TABLES.state);
    await erasures.add({ names: ['userId#k'], at: 1 });
    await erasures.since(0);
    await canary(recorder, 'canary');
    const counts = new SqsQueueCounts(sqs, QUEUES_URL);
    for (const place of ['Router', 'Destination-crm']) {
      await counts.read(queueName(`${place}/Queue`));
      await counts.read(queueName(`${place}/DeadLetterQueue`));
      await counts.deadLetterQueueName(queueName(`${place}/Queue`));
      await send(recorder, `${place}/Queue`);
      const functions = new LambdaFunctions(recorder.client('lambda'), clock);
      await functions.probe(handlerOf(place));
      await functions.startDrain(handlerOf(place), { shard: 1 });
      await functions.startTrial(handlerOf(place));
      const mappings = new LambdaMappings(recorder.client('lambda'));
      await mappings.read(nameOf(`${place}/Mapping`));
      await mappings.update(nameOf(`${place}/Mapping`), { enabled: true, maximumConcurrency: 2 });
    }
    const datum = { name: 'Heartbeat', value: 1, dimensions: {}, at: 1, resolution: 60 } as const;
    await new CloudWatchMetrics(recorder.client('cloudwatch')).put([datum]);
    const alarms = new CloudWatchAlarms(recorder.client('cloudwatch'));
    const names = [...both.pipeline.monitoring.alarms.keys()].map((name) => `Sluice/Pipeline: ${name}`);
    await alarms.ringing(names);
    await alarms.set(names[0] ?? '', 'OK', 'r');
    await alarms.switchActions(names, false);
    await alarms.switchActions(names, true);
    await announce(recorder);
  });

export const MADE = { ingest, router, 'deliver (crm)': deliver, control } as const;
