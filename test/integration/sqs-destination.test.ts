/** Queues as destinations, in the local run: in order where they are FIFO, through the faults of SQS. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import writeFileAtomic from 'write-file-atomic';
import type { SluiceEvent } from '../../config/index.ts';
import { ROOT } from '../../local/common/settings.ts';
import { audit, CLEAN, type SentEvent } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { newLocalRun } from '../support/local-run.ts';
import { control, stageStatus, untilMode } from '../support/operator.ts';
import { eventsOf, sendWithSdk, usersNamed } from './clients.ts';

/** More than SQS takes, of an event whose user is `large`. */
const LARGE = `export default (event) =>
  event.userId === 'large' ? { ...event, properties: { ...event.properties, text: 'x'.repeat(1_100_000) } } : event;`;

let run: LocalRun;
let faults: string;
let client: SQSClient;
let queuesUrl: string;

beforeAll(async () => {
  faults = join(process.env['TMPDIR'] ?? '/tmp', `sluice-sqs-faults-${process.pid}.json`);
  run = newLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: [
        { id: 'orders', type: 'sqs', queue: 'orders.fifo', transform: './large.mjs' },
        { id: 'audit', type: 'sqs', queue: 'arn:aws:sqs:us-east-1:000000000000:audit' },
      ],
      timing: { minBackoff: '1s', maxBackoff: '2s', refusalDelay: '2s' },
      degradedMode: {
        breakerTime: '5s',
        breakerFailures: 5,
        pause: '2s',
        recoverAfter: 5,
        window: '10s',
        maxDrainBackoff: '20s',
      },
    },
    files: { 'large.mjs': LARGE },
    env: { SLUICE_CONTROL_SECONDS: '2', SLUICE_TEST_FAULTS: faults },
    preload: [pathToFileURL(join(ROOT, 'test', 'support', 'destination-faults.mjs')).href],
  });
  await run.start();
  const status = (await (await fetch(`${run.consoleUrl}/api/status`)).json()) as {
    endpoints: { sqs: string };
  };
  queuesUrl = `${status.endpoints.sqs}/000000000000/`;
  client = new SQSClient({
    endpoint: status.endpoints.sqs,
    region: 'us-east-1',
    credentials: { accessKeyId: run.accessKeyId, secretAccessKey: 'any' },
  });
});
afterAll(() => {
  client.destroy();
  rmSync(faults, { force: true });
});

/** What the queue has at the moment, oldest first: received and deleted. */
const drain = async (queue: string): Promise<readonly SluiceEvent[]> => {
  const QueueUrl = `${queuesUrl}${queue}`;
  const events: SluiceEvent[] = [];
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return events;
    events.push(...Messages.map(({ Body = '' }) => JSON.parse(Body) as SluiceEvent));
    const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
};

const received: Record<string, SluiceEvent[]> = {};
/** Waits until as many events have come since the start. */
const untilReceived = (queue: string, count: number): Promise<true> =>
  until(
    `${count} events in ${queue}`,
    async () => {
      const all = (received[queue] ??= []);
      all.push(...(await drain(queue)));
      return all.length >= count ? true : undefined;
    },
    {
      deadlineMs: 2 * DEADLINE_MS,
      context: () => `${received[queue]?.length ?? 0}\n${run.output.slice(-4000)}`,
    },
  );

/** Of users whose names begin so. */
const of = (queue: string, prefix: string): readonly SluiceEvent[] =>
  (received[queue] ?? []).filter(({ userId }) => String(userId).startsWith(prefix));

const SEND = 'AmazonSQS.SendMessageBatch';
/** In one step: the run reads it at any time. */
const setFaults = (...list: readonly object[]): void => writeFileAtomic.sync(faults, JSON.stringify(list));
const send = (events: readonly SentEvent[]) => sendWithSdk(run.dataPlaneUrl, 'web-key', events);

describe('queues as destinations', () => {
  it('get each event; a FIFO queue each user’s in order', async () => {
    const sent = eventsOf(usersNamed('plain', 10), 20);
    await send(sent);
    await untilReceived('orders.fifo', 200);
    await untilReceived('audit', 200);
    expect(audit(sent, of('orders.fifo', 'plain'))).toEqual(CLEAN);
    expect(new Set(of('audit', 'plain').map(({ messageId }) => messageId)).size).toBe(200);
  });

  it('through throttling and entries that fail: nothing is lost, none overtakes', async () => {
    setFaults(
      { target: SEND, text: 'orders.fifo', list: 'Entries', fail: 'rough-3' },
      { target: SEND, text: '/audit', status: 400, type: 'com.amazonaws.sqs#RequestThrottled' },
    );
    const sent = eventsOf(usersNamed('rough', 5), 10);
    await send(sent);
    // The others of the same calls are through: the entry that fails stops its own user.
    await untilReceived('orders.fifo', 240);
    expect(of('orders.fifo', 'rough-3')).toEqual([]);
    await until('a throttle to be noticed', async () =>
      JSON.stringify(await stageStatus(run, 'audit')).includes('RequestThrottled') ? true : undefined,
    );
    setFaults();
    await untilReceived('orders.fifo', 250);
    await untilReceived('audit', 250);
    expect(audit(sent, of('orders.fifo', 'rough'))).toEqual(CLEAN);
  });

  it('reject what is too large, and say so', async () => {
    await send(eventsOf(['large'], 1));
    await until('the rejected event', async () => {
      const { events } = await control(run, { command: 'rejected', stage: 'orders' });
      return events.some(({ reason }) => reason.includes('SQS takes 1048576')) ? true : undefined;
    });
    await untilReceived('audit', 251);
  });

  it(
    'without permission: the stage is degraded and names the queue; afterwards all is delivered, in order',
    async () => {
      setFaults({ target: SEND, text: 'orders.fifo', status: 400, type: 'com.amazonaws.sqs#AccessDenied' });
      const sent = eventsOf(usersNamed('denied', 5), 4);
      await send(sent);
      await untilMode(run, 'orders', 'degraded');
      expect(JSON.stringify(await stageStatus(run, 'orders'))).toMatch(/AccessDenied/);
      expect(JSON.stringify(await stageStatus(run, 'orders'))).toContain('orders.fifo');
      setFaults();
      await untilReceived('orders.fifo', 270);
      expect(audit(sent, of('orders.fifo', 'denied'))).toEqual(CLEAN);
      await untilMode(run, 'orders', 'normal');
    },
    8 * DEADLINE_MS,
  );
});
