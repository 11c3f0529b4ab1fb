/** `sluice adopt` against the local run's own SQS, with control and CloudFormation as stand-ins. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import pc from 'picocolors';
import { awsQueues } from '../../cli/adopt/aws-queues.ts';
import { findAdoption } from '../../cli/adopt/find.ts';
import { adopt, type Adopted } from '../../cli/adopt/run.ts';
import type { Ask, RequestOf } from '../../cli/client.ts';
import { adoptText } from '../../cli/views/adopt.ts';
import type { ControlResults } from '../../contract/operations.ts';
import { startSqsServer } from '../../local/sqs/api.ts';
import { SqsService } from '../../local/sqs/service.ts';
import { memoryStore } from '../../local/sqs/store.ts';
import type { Orphan } from '../../contract/status.ts';
import { stageStatusOf } from '../support/stage-status.ts';
import { ALL_NORMAL } from './fixtures.ts';
import { Cli, type Said } from './run-cli.ts';
import { FUNCTION, ok, StandIn } from './stand-in.ts';

const FORMER = 'Shop-crm-OLD.fifo';
const FORMER_DEAD = 'Shop-crm-OLD-dead-letters.fifo';
const NOW = 'Shop-crm-NEW.fifo';

const aws = new StandIn();
const cli = new Cli();
const store = memoryStore();
const sqs = new SqsService({ store });
let server: Awaited<ReturnType<typeof startSqsServer>>;

const CREDENTIALS = { accessKeyId: 'id', secretAccessKey: 'secret' };

beforeAll(async () => {
  await aws.start();
  server = await startSqsServer({ service: sqs, credentials: CREDENTIALS });
});
beforeEach(async () => {
  for (const queue of [FORMER, FORMER_DEAD, NOW]) await sqs.createQueue(queue, { FifoQueue: 'true' });
});
afterEach(async () => {
  // One of the tests has deleted one.
  for (const queue of await sqs.listQueues()) await sqs.deleteQueue(queue);
  aws.reset();
});
afterAll(async () => {
  cli.remove();
  await aws.stop();
  await server.close();
  sqs.close();
});

type Message = readonly [group: string, body: string];

const send = async (queue: string, ...messages: readonly Message[]): Promise<void> => {
  for (const [group, body] of messages)
    await sqs.send(queue, { body, groupId: group, deduplicationId: `${group}-${body}` });
};

/** What is there, in the order in which it is given out. */
const bodies = async (queue: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for (;;) {
    const messages = await sqs.receive({ queue, maxMessages: 10, waitSeconds: 0 });
    if (messages.length === 0) return found;
    for (const { body, receiptHandle } of messages) {
      found.push(body);
      await sqs.delete(queue, receiptHandle);
    }
  }
};

const LEFT: Orphan = {
  id: `crm (formerly ${FORMER})`,
  queue: { visible: 5, inFlight: 0 },
  queueName: FORMER,
  deadLetterQueueName: FORMER_DEAD,
  deadLetters: 1,
  parkedKeys: 0,
};
const CRM = stageStatusOf('crm', { queueName: NOW });

const pretend = (
  orphans: readonly Orphan[],
  { stages = [CRM], parked = [] as readonly string[] } = {},
): void => {
  aws.stacks = { Shop: { ControlFunction: FUNCTION } };
  aws.replies = {
    status: () => ok({ ...ALL_NORMAL, stages, orphans }),
    // A page for each key, so that paging is seen.
    parked: (request) => {
      const at = Number((request as { readonly cursor?: string }).cursor ?? 0);
      const more = at + 1 < parked.length ? { cursor: String(at + 1) } : {};
      return ok({ keys: parked.slice(at, at + 1).map((key) => ({ key })), ...more });
    },
  };
};

/** Asks the stand-in as a command does. */
const ask = (<Command extends keyof ControlResults>(request: RequestOf<Command>) => {
  const reply = aws.replies[request.command]?.(request);
  return Promise.resolve((reply?.body as { readonly result: ControlResults[Command] }).result);
}) as Ask;

const adoptBy = (...args: readonly string[]): Promise<Said> =>
  cli.run(['adopt', ...args, '--stack', 'Shop', '--region', 'eu-west-1'], {
    env: {
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_CLOUDFORMATION: aws.url,
      AWS_ENDPOINT_URL_LAMBDA: aws.url,
      AWS_ENDPOINT_URL_SQS: server.url,
    },
  });

it('moves what a former queue holds to the present one, dead letters first, and each user in order', async () => {
  pretend([LEFT]);
  await send(FORMER_DEAD, ['ada', 'a1']);
  await send(FORMER, ['ada', 'a2'], ['bob', 'b1'], ['ada', 'a3'], ['bob', 'b2'], ['ada', 'a4']);
  // What is new is behind in the queue already, and stays where it is.
  await send(NOW, ['cem', 'c1']);
  const { code, stdout, stderr } = await adoptBy('crm');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^6 messages moved to the queue of crm, which delivers them now/);
  expect(stdout).toContain(`Nothing is left in ${FORMER_DEAD} and ${FORMER}: delete them when you like.`);
  const all = await bodies(NOW);
  expect(all.filter((body) => body.startsWith('a'))).toEqual(['a1', 'a2', 'a3', 'a4']);
  expect(all.filter((body) => body.startsWith('b'))).toEqual(['b1', 'b2']);
  expect(all).toHaveLength(7);
  for (const queue of [FORMER, FORMER_DEAD]) expect((await sqs.counts(queue)).visible).toBe(0);
});

/** In this process, without a pause of SQS. */
const adoptHere = (into?: string): Promise<Adopted> =>
  adopt(ask, awsQueues({ region: 'eu-west-1', endpoint: server.url, credentials: CREDENTIALS }, 0), {
    destination: 'crm',
    into,
  });

it('leaves what is behind parked messages', async () => {
  pretend([LEFT], { parked: ['eve', 'ada'] });
  await send(FORMER, ['ada', 'a1'], ['bob', 'b1'], ['ada', 'a2']);
  expect(await adoptHere()).toMatchObject({ moved: 1, heldBack: 2, heldBackGroups: 1, left: 0 });
  expect(await bodies(NOW)).toEqual(['b1']);
  // They are not in flight any more.
  expect(await bodies(FORMER)).toEqual(['a1', 'a2']);
});

it('keeps the order of many users, with several readers', async () => {
  pretend([LEFT]);
  const users = Array.from({ length: 20 }, (_, i) => `u${i}`);
  const sequence = Array.from({ length: 15 }, (_, i) => String(i));
  for (const body of sequence) await send(FORMER, ...users.map((user) => [user, `${user}-${body}`] as const));
  expect(await adoptHere()).toMatchObject({ moved: 300, left: 0 });
  const all = await bodies(NOW);
  expect(all).toHaveLength(300);
  for (const user of users)
    expect(all.filter((body) => body.startsWith(`${user}-`))).toEqual(
      sequence.map((one) => `${user}-${one}`),
    );
});

it('takes a message once that an earlier run has sent and not deleted', async () => {
  pretend([LEFT]);
  await send(FORMER, ['ada', 'a1'], ['ada', 'a2']);
  await send(NOW, ['ada', 'a1']);
  expect(await adoptHere()).toMatchObject({ moved: 2, left: 0 });
  expect(await bodies(NOW)).toEqual(['a1', 'a2']);
});

it('deletes nothing that was not sent', async () => {
  pretend([LEFT]);
  await send(FORMER, ['ada', 'a1'], ['ada', 'a2'], ['bob', 'b1']);
  await sqs.deleteQueue(NOW);
  await expect(adoptHere()).rejects.toThrow(NOW);
  expect((await sqs.counts(FORMER)).inFlight).toBe(3);
});

it('knows what it could not receive', async () => {
  pretend([LEFT]);
  await send(FORMER, ['ada', 'a1']);
  await sqs.receive({ queue: FORMER, visibilityTimeout: 300 });
  expect(await adoptHere()).toMatchObject({ moved: 0, left: 1 });
});

it('has another destination deliver them', async () => {
  pretend([{ ...LEFT, id: 'crm' }], { stages: [{ ...CRM, id: 'crm-2' }] });
  await send(FORMER, ['ada', 'a1']);
  expect(await adoptHere('crm-2')).toEqual({
    stage: 'crm-2',
    queues: [FORMER_DEAD, FORMER],
    moved: 1,
    heldBack: 0,
    heldBackGroups: 0,
    left: 0,
  });
  expect(await bodies(NOW)).toEqual(['a1']);
});

it('says what stays, and how to deliver it', () => {
  const some = {
    stage: 'crm',
    queues: [FORMER_DEAD, FORMER],
    moved: 1,
    heldBack: 2,
    heldBackGroups: 1,
    left: 3,
  };
  const view = {
    now: 0,
    colors: pc.createColors(false),
    command: (text: string) => `npx sluice ${text}`,
    deploy: '',
  };
  expect(adoptText('crm', some, view)).toBe(
    [
      "1 message moved to the queue of crm, which delivers it now, each user's in order.",
      '2 messages of 1 parked user stayed: what is parked of them is older.',
      '  Deliver that first: npx sluice retry crm, or see npx sluice parked crm; then adopt again.',
      'About 3 messages could not be received now. Adopt again in a minute.',
    ].join('\n'),
  );
});

const ROUTER = { ...CRM, id: 'router' };

it.each<[string, readonly Orphan[], readonly [destination: string, into?: string], RegExp]>([
  [
    'a destination that is not there',
    [{ ...LEFT, id: 'crm' }],
    ['crm'],
    /crm is not configured: add it again .*enabled: false, deploy/,
  ],
  [
    'another that is not there',
    [LEFT],
    ['crm', 'crn'],
    /--into: there is no destination crn; there are router/,
  ],
  [
    'nothing that is left',
    [],
    ['crm'],
    /no former queue of crm holds anything; no queue of a removed destination does/,
  ],
  ['another name', [LEFT], ['cr'], /those that do: crm \(formerly Shop-crm-OLD.fifo\)/],
])('refuses %s', (_, orphans, args, message) => {
  expect(() => findAdoption({ orphans, stages: [ROUTER] }, ...args)).toThrow(message);
});

it('needs a control that says the names of queues', () => {
  const older = { id: 'crm', queue: LEFT.queue, deadLetters: 1, parkedKeys: 0 };
  expect(() => findAdoption({ orphans: [older], stages: [CRM] }, 'crm')).toThrow('of an older version');
});

it('says what is wrong', async () => {
  pretend([]);
  expect(await adoptBy('crm')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^no former queue of crm/) as unknown,
  });
});
