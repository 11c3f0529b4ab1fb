/** DynamoDB, which stores modes, charges and parked events, is down for a while; and then SQS, which stores accepted events. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ROOT } from '../../local/common/settings.ts';
import { audit, CLEAN } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { withoutRedeliveries } from '../support/arrivals.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { parkedKeys, stageStatus } from '../support/operator.ts';
import { webhookPipeline } from '../support/pipelines.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-outage-')));
const flag = join(dir, 'down');
let receiver: Receiver;
let run: LocalRun;

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: webhookPipeline(receiver, {
      timing: { maxBackoff: '2s', refusalDelay: '2s' },
      degradedMode: { crashes: 1, redriveThreshold: 1 },
    }),
    env: { SLUICE_CONTROL_SECONDS: '2', SLUICE_TEST_OUTAGE: flag },
    preload: [pathToFileURL(join(ROOT, 'test', 'support', 'aws-outage.mjs')).href],
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it(
  'ingest still answers 200, no event is charged, and delivery resumes afterwards in order',
  async () => {
    const users = usersNamed('user', 5);
    const send = (each: number, from: number) =>
      sendPlainly(eventsOf(users, each, from), {
        url: () => run.dataPlaneUrl,
        writeKey: 'web-key',
        batch: 10,
      });
    await send(4, 0);
    await receiver.waitFor('/crm', 20);

    writeFileSync(flag, 'dynamodb');
    const before = receiver.requests.length;
    // `sendPlainly` would retry on anything but 200; here each request must be accepted at the first try.
    const refusals: number[] = [];
    for (let seq = 4; seq < 8; seq++) {
      const body = JSON.stringify({
        batch: users.map((user) => ({
          type: 'track',
          userId: user,
          event: 'Step',
          messageId: `${user}-${seq}`,
          properties: { seq },
        })),
      });
      const response = await fetch(`${run.dataPlaneUrl}/v1/batch`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Basic ${Buffer.from('web-key:').toString('base64')}`,
        },
        body,
      });
      if (response.status !== 200) refusals.push(response.status);
    }
    expect(refusals).toEqual([]);
    const health = await fetch(`${run.dataPlaneUrl}/health`);
    expect(health.status).toBe(200);
    expect((await fetch(`${run.dataPlaneUrl}/ready`)).status).toBe(200);
    expect(await health.json()).toMatchObject({
      mode: 'UNKNOWN',
      routingEvents: 'UNKNOWN',
      acceptingEvents: 'TRUE',
    });
    await until('the router to notice', () => run.output.includes('state unreadable'), {
      context: () => run.output,
    });
    await sleep(3_000);
    // Without the modes nothing is forwarded.
    expect(receiver.requests).toHaveLength(before);

    rmSync(flag);
    // Messages that were deferred in the meantime are redelivered after a minute.
    await receiver.waitFor('/crm', 40, { deadlineMs: 4 * DEADLINE_MS });
    expect(audit(eventsOf(users, 8), withoutRedeliveries(receiver.sentTo('/crm'), 2))).toEqual(CLEAN);
    for (const stage of ['router', 'crm']) {
      expect(await stageStatus(run, stage)).toMatchObject({ mode: 'normal', epoch: 0, redrives: 0 });
      expect(await parkedKeys(run, stage)).toEqual([]);
    }
  },
  8 * DEADLINE_MS,
);

it(
  '/ready is 503 while SQS is down, and 200 when it is back; nothing that it asked is delivered',
  async () => {
    const before = receiver.requests.length;
    const ready = async (): Promise<readonly [number, boolean]> => {
      const { status, headers } = await fetch(`${run.dataPlaneUrl}/ready`);
      return [status, headers.has('retry-after')];
    };
    const untilReady = (expected: number, retryAfter: boolean): Promise<unknown> =>
      until(`/ready to answer ${expected}`, async () => {
        const [status, hasRetryAfter] = await ready();
        return status === expected && hasRetryAfter === retryAfter;
      });
    await untilReady(200, false);
    writeFileSync(flag, 'sqs');
    await untilReady(503, true);
    expect((await fetch(`${run.dataPlaneUrl}/health`)).status).toBe(200);
    rmSync(flag);
    await untilReady(200, false);
    // What SQS had stored would be delivered before this event, or rejected.
    const users = usersNamed('later', 1);
    const events = eventsOf(users, 1, 0);
    await sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key', batch: 1 });
    await receiver.waitFor('/crm', before + 1);
    expect(await stageStatus(run, 'router')).toMatchObject({ mode: 'normal', redrives: 0 });
    expect(receiver.requests).toHaveLength(before + 1);
  },
  3 * DEADLINE_MS,
);
