/** From what Lambda invokes a stage's function with to what becomes of it, over stores in memory. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { validateConfig } from '../../config/validate.ts';
import { stageHandler, type StageOptions } from '../../lambdas/aws/stage.ts';
import type { StageWorld } from '../../lambdas/aws/stage-world.ts';
import { toMessageBody } from '../../lambdas/core/envelope.ts';
import { NORMAL } from '../../lambdas/core/mode.ts';
import type { Outcome } from '../../lambdas/core/outcome.ts';
import { InfraFault, type Announcement, type IncomingMessage } from '../../lambdas/core/ports.ts';
import { LoadError } from '../../lambdas/core/transform.ts';
import { FakeQueue } from '../support/fakes.ts';
import { MemoryParking } from '../support/memory-parking.ts';
import { MemoryState } from '../support/memory-state.ts';

const NOW = Date.UTC(2026, 10, 22);
const QUEUE_ARN = 'arn:aws:sqs:eu-west-1:123456789012:crm.fifo';
const DEAD_ARN = 'arn:aws:sqs:eu-west-1:123456789012:crm-dead-letters.fifo';
const { timing, degradedMode } = validateConfig({
  sources: [{ id: 'web', writeKey: 'k' }],
  destinations: [],
  degradedMode: { redriveThreshold: 1 },
});

let parking: MemoryParking;
let state: MemoryState;
let queue: FakeQueue;
let deadLetterQueue: FakeQueue;
let announced: Announcement[];
let processed: string[];
let lines: Record<string, unknown>[];
let world: StageWorld;

beforeEach(() => {
  parking = new MemoryParking();
  state = new MemoryState(parking);
  [queue, deadLetterQueue] = [new FakeQueue(), new FakeQueue()];
  [announced, processed, lines] = [[], [], []];
  let ids = 0;
  world = {
    state,
    parking,
    queue,
    deadLetterQueue,
    deadLetterQueueArn: DEAD_ARN,
    announcer: {
      announce: async (announcement) => {
        await Promise.resolve();
        announced.push(announcement);
      },
    },
    names: { pipeline: 'Sluice/Pipeline', stackName: 'Sluice' },
    clock: () => NOW,
    random: () => 0.5,
    uuid: () => `id-${++ids}`,
  };
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    return lines.push(JSON.parse(String(line)) as Record<string, unknown>) > 0;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const body = toMessageBody({
  v: 1,
  kind: 'events',
  sourceId: 'web',
  receivedAt: '2026-11-22T00:00:00.000Z',
  events: [{ messageId: 'a' }, { messageId: 'b' }],
});

const record = (
  messageId: string,
  key: string,
  more: { arn?: string; receives?: number } = {},
): SQSRecord => ({
  messageId,
  receiptHandle: `handle-${messageId}`,
  body,
  attributes: {
    ApproximateReceiveCount: String(more.receives ?? 1),
    SentTimestamp: String(NOW - 90_000),
    SenderId: 'me',
    ApproximateFirstReceiveTimestamp: String(NOW),
    SequenceNumber: '18880000000000000000',
    MessageGroupId: key,
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: more.arn ?? QUEUE_ARN,
  awsRegion: 'eu-west-1',
});

const done = (message: IncomingMessage): Promise<Outcome> => {
  processed.push(message.id);
  return Promise.resolve({ kind: 'done' });
};

const invoke = (event: unknown, options: Partial<StageOptions> = {}, timeLeft = 60_000) =>
  stageHandler(
    {
      stage: 'crm',
      process: done,
      loadTransform: () => Promise.resolve(undefined),
      timing,
      degradedMode,
      worstCase: 10_000,
      codeVersion: 'v1',
      ...options,
    },
    world,
  )(event, { getRemainingTimeInMillis: () => timeLeft });

const metric = (name: string): unknown[] => lines.flatMap((line) => (name in line ? [line[name]] : []));

describe('messages of the stage’s queue', () => {
  it('are processed, and those that are not done are reported', async () => {
    const process = (message: IncomingMessage): Promise<Outcome> =>
      message.id === 'm2' ? Promise.resolve({ kind: 'retry', reason: 'answered 500' }) : done(message);
    const event = { Records: [record('m1', 'a'), record('m2', 'b'), record('m3', 'b')] };
    expect(await invoke(event, { process })).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm2' }, { itemIdentifier: 'm3' }],
    });
    expect(processed).toEqual(['m1']);
    expect(metric('Retries')).toEqual([1]);
    expect(metric('OldestMessageAge')).toEqual([90]);
    expect(state.mode('crm').failing).toMatchObject({ count: 1 });
  });

  it('are refused while the stage or the system is shut', async () => {
    state.modes.set('router', { ...NORMAL, rev: 1, epoch: 1, mode: 'degraded' });
    const answer = await invoke({ Records: [record('m1', 'a')] });
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    expect(processed).toEqual([]);
    expect(metric('BatchesRefused')).toEqual([1]);
  });

  it('are a crash of kind "load" when the transform does not load, and are redriven in the end', async () => {
    const process = () => Promise.reject(new LoadError('no', { cause: new Error('Cannot find module') }));
    for (let receives = 1; receives <= degradedMode.crashes; receives++)
      await invoke({ Records: [record('m1', 'a', { receives })] }, { process });
    expect(metric('Crashes')).toEqual([1, 1, 1]);
    expect(state.attempts.get('m1')?.crash).toMatchObject({ kind: 'load', codeVersion: 'v1' });
    const last = { Records: [record('m1', 'a', { receives: 4 })] };
    expect(await invoke(last, { process })).toEqual({ batchItemFailures: [] });
    expect(parking.head('crm', 'a')).toBeDefined();
    expect(parking.messages('crm', 'a')).toMatchObject([{ id: 'm1', attempt: { crash: { kind: 'load' } } }]);
    expect([metric('Redrives'), metric('MessagesParked'), metric('EventsParked')]).toEqual([[1], [1], [2]]);
  });
});

describe('a change of mode', () => {
  const dead = { Records: [record('m1', 'a', { arn: DEAD_ARN, receives: 1_000 })] };

  it('is published before the function answers, and noted', async () => {
    await invoke(dead);
    expect(announced).toMatchObject([
      {
        text: 'Destination crm of dataplane server Sluice/Pipeline entered degraded mode',
        stage: 'crm',
        mode: 'degraded',
        epoch: 1,
        since: '2026-11-22T00:00:00.000Z',
        lastCrash: { kind: 'dead letter' },
        command: 'npx sluice status --stack Sluice',
      },
    ]);
    expect(state.mode('crm')).toMatchObject({ mode: 'degraded', epoch: 1, announced: 1 });
  });

  it('of the router is announced in RudderStack’s words', async () => {
    await invoke(dead, { stage: 'router' });
    expect(announced).toMatchObject([{ text: 'Dataplane server Sluice/Pipeline entered degraded mode' }]);
  });

  it('that cannot be published changes nothing else, and is left to control', async () => {
    const announcer = { announce: () => Promise.reject(new InfraFault('Publish failed')) };
    world = { ...world, announcer };
    expect(await invoke(dead)).toEqual({ batchItemFailures: [] });
    expect(state.mode('crm')).toMatchObject({ mode: 'degraded', epoch: 1, announced: 0 });
    const setbacks = lines.filter(
      ({ message }) => message === 'could not publish a change of mode; control will',
    );
    expect(setbacks).toMatchObject([{ level: 'warn', stage: 'crm' }]);
  });
});

describe('messages of the dead-letter queue', () => {
  it('are parked in front, counted, and deleted there', async () => {
    const answer = await invoke({ Records: [record('m1', 'a', { arn: DEAD_ARN })] });
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(processed).toEqual([]);
    expect(parking.messages('crm', 'a').map(({ sort }) => sort.slice(0, 2))).toEqual(['A#']);
    expect([queue.deleted, deadLetterQueue.deleted]).toEqual([[], ['m1']]);
    // Its age says nothing about how the stage keeps up.
    expect(metric('OldestMessageAge')).toEqual([]);
  });

  it('are taken in while the stage is shut', async () => {
    state.modes.set('crm', { ...NORMAL, rev: 1, epoch: 1, mode: 'degraded' });
    await invoke({ Records: [record('m1', 'a', { arn: DEAD_ARN })] });
    expect(parking.keys('crm')).toEqual(['a']);
  });
});

describe('control’s commands', () => {
  it('a probe is answered when everything loads', async () => {
    expect(await invoke({ sluice: 'probe' })).toEqual({ ok: true, codeVersion: 'v1' });
  });

  it('a probe is told why the transform does not load', async () => {
    const error = new LoadError('the transform threw', { cause: new Error('Cannot find module') });
    const answer = await invoke({ sluice: 'probe' }, { loadTransform: () => Promise.reject(error) });
    expect(answer).toMatchObject({ ok: false, codeVersion: 'v1', error: 'LoadError: the transform threw' });
    expect(answer).toHaveProperty('stack', expect.stringContaining('caused by Error: Cannot find module'));
  });

  it('a drain puts parked messages through, under a lease that outlives the function', async () => {
    const message = {
      sort: 'E#1',
      id: 'm1',
      groupId: 'a',
      body,
      sequenceNumber: '1',
      sentAt: 1,
      parkedAt: 2,
    };
    const shards = Array.from({ length: 10 }, (_, shard) => shard);
    await parking.putMessage('crm', message);
    await parking.touchHead('crm', 'a', { token: 't', now: NOW, reason: 'r' });
    const leases: (number | undefined)[] = [];
    const process = (incoming: IncomingMessage): Promise<Outcome> => {
      leases.push(parking.head('crm', 'a')?.leaseUntil);
      return done(incoming);
    };
    for (const shard of shards) expect(await invoke({ sluice: 'drain', shard }, { process })).toBeUndefined();
    expect(processed).toEqual(['m1']);
    expect(leases).toEqual([NOW + 2 * 60_000]);
    expect(parking.keys('crm')).toEqual([]);
    expect(metric('MessagesDrained')).toEqual([1]);
  });

  it('a drain begins nothing that it cannot end', async () => {
    await parking.touchHead('crm', 'a', { token: 't', now: NOW, reason: 'r' });
    for (let shard = 0; shard < 10; shard++) await invoke({ sluice: 'drain', shard }, {}, 5_000);
    expect(parking.keys('crm')).toEqual(['a']);
  });

  it('anything else is an error that says so', async () => {
    for (const event of [null, undefined, {}, { sluice: 'dance' }, { Records: 'none' }])
      await expect(invoke(event)).rejects.toThrow('neither an event of SQS nor a command of control');
  });
});
