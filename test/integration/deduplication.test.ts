/** An SDK sends everything repeatedly, in other batches, while the router crashes: repeated events are dropped. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { audit, CLEAN, type SentEvent } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { arrivedIds, withoutRedeliveries } from '../support/arrivals.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { control, parkedKeys, stageStatus, untilStage } from '../support/operator.ts';
import { webhookPipeline } from '../support/pipelines.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { eventsOf, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

const config = () =>
  webhookPipeline(receiver, {
    transform: './all.mjs',
    deduplication: { window: '1 hour', maxIds: 100 },
    // The death of a process costs the visibility timeout: much less than the five minutes in which SQS drops a repeated send.
    timing: { routerTimeout: '4s', routerVisibility: '24s', maxBackoff: '2s', refusalDelay: '2s' },
  });

/** One user's events throw, another's end the thread with all events in hand, a third's grow too large. */
const careless = `
export default (event) => {
  const { seq } = event.properties;
  if (event.userId === 'cursed-0' && seq === 3) throw new Error('a curse');
  if (event.userId === 'discarded-0') throw new Error('a curse');
  if (event.userId === 'deadly-0' && seq === 3) process.exit(3);
  return event.userId === 'large-0' ? { ...event, filler: 'x'.repeat(300_000) } : event;
};`;
const fixed = 'export default (event) => event;';

const users = [...usersNamed('user', 8), 'cursed-0', 'deadly-0'];
const EACH = 30;
const wanted = eventsOf(users, EACH);

const post = async (events: readonly SentEvent[]): Promise<void> => {
  const body = JSON.stringify({
    batch: events.map(({ user, seq }) => ({
      type: 'track',
      userId: user,
      event: 'Step',
      messageId: `${user}-${seq}`,
      properties: { seq },
      originalTimestamp: '2026-11-22T00:00:00.000Z',
      sentAt: new Date().toISOString(),
    })),
  });
  const authorization = `Basic ${Buffer.from('web-key:').toString('base64')}`;
  const response = await fetch(`${run.dataPlaneUrl}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body,
  });
  if (response.status !== 200) throw new Error(`answered ${response.status} ${await response.text()}`);
};

/**
 * Sends everything, in requests with this many events of each user. Each round has another number, so that no packed message is one that
 * SQS has received before and would drop.
 */
const sendAll = async (eachRequest: number): Promise<void> => {
  for (let from = 0; from < EACH; from += eachRequest) await post(eventsOf(users, eachRequest, from));
};

/** Discards an event of a parked key; retries while the key is being tried. */
const discard = (messageId: string): Promise<boolean> =>
  until(`${messageId} to be discarded`, async () => {
    for (const { key } of await parkedKeys(run, 'router')) {
      const { messages } = await control(run, { command: 'show', stage: 'router', key });
      if (!messages.some(({ events }) => events.some((event) => event.messageId === messageId))) continue;
      const words = ['router', key, messageId, '--reason', 'not wanted', '--yes'];
      const { code, stderr } = await run.sluice('discard', ...words);
      if (code !== 0 && !stderr.includes('being tried at this moment')) throw new Error(stderr);
      return code === 0;
    }
    return false;
  });

/** Waits until no message is in a queue or in hand: from then on a death cannot cause a redelivery. */
const quiet = (): Promise<boolean> =>
  until(
    'the queues to be empty',
    async () => {
      const stages = [await stageStatus(run, 'router'), await stageStatus(run, 'crm')];
      return stages.every(({ queue, parkedKeys }) => queue.visible + queue.inFlight + parkedKeys === 0);
    },
    { deadlineMs: 3 * DEADLINE_MS, context: () => run.output.slice(-6000) },
  );

const logs = (): string => {
  const dir = join(run.dataDir, 'logs');
  return readdirSync(dir)
    .map((name) => readFileSync(join(dir, name), 'utf8'))
    .join('\n');
};

/** The number of events that the router has dropped, from the metrics written so far. */
const dropped = (): number =>
  [...logs().matchAll(/"EventsDuplicate":(\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
const untilDropped = (events: number): Promise<boolean> =>
  until(`${events} dropped events`, () => dropped() >= events, {
    context: () => `${dropped()} were dropped`,
  });

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: config(),
    files: { 'all.mjs': careless },
    env: { SLUICE_CONTROL_SECONDS: '2' },
  });
});

describe('the same events, sent again in other batches', () => {
  it(
    'arrive once and in order: while the router throws and dies, and after the fix',
    async () => {
      await post(eventsOf(['large-0', 'discarded-0'], 1));
      await sendAll(2);
      await sendAll(3);
      await untilStage(run, 'router', 'with three parked keys', ({ parkedKeys: keys }) => keys === 3);
      await until('an exit', () => logs().includes('process.exit(3) ended the thread'), {
        context: () => run.output,
      });
      await sendAll(5);
      await discard('discarded-0-0');
      run.write('all.mjs', fixed);
      expect(await run.sluice('redeploy')).toMatchObject({ code: 0, stderr: '' });
      expect(await run.sluice('retry', '--all')).toMatchObject({ code: 0, stderr: '' });
      await receiver.waitFor('/crm', wanted.length, { deadlineMs: 4 * DEADLINE_MS });
      await quiet();
      expect(audit(wanted, withoutRedeliveries(receiver.sentTo('/crm'), 5))).toEqual(CLEAN);
      await untilDropped(2 * wanted.length);
    },
    10 * DEADLINE_MS,
  );

  it(
    'do not arrive again after a kill -9 in between: the seen ids are on disk',
    async () => {
      await sendAll(6);
      await run.kill9();
      await run.start();
      await sendAll(10);
      // One new event of each user: when it has arrived, the router has processed everything that was sent before it.
      const fresh = eventsOf(users, 1, EACH);
      await post(fresh);
      await receiver.waitFor('/crm', wanted.length + fresh.length, { deadlineMs: 4 * DEADLINE_MS });
      await quiet();
      expect(audit([...wanted, ...fresh], withoutRedeliveries(receiver.sentTo('/crm'), 5))).toEqual(CLEAN);
      // The last dropped events before the kill may be missing in the metrics.
      await untilDropped(3 * wanted.length);
    },
    8 * DEADLINE_MS,
  );
});

it(
  'a rejected or discarded event does not count as seen, and an event that an operator resends is never dropped',
  async () => {
    const arrived = (user: string) => receiver.sentTo('/crm').filter(({ userId }) => userId === user);
    const { events: records } = await control(run, { command: 'rejected', stage: 'router' });
    expect(records.map(({ discarded }) => discarded).sort()).toEqual([false, true]);
    const discarded = records.find((record) => record.discarded)?.id ?? '';
    // Each in one message with another event of its user, which SQS has not received before.
    const again = eventsOf(['large-0', 'discarded-0'], 2);
    await post(again);
    await until('all of them', () => again.every(({ user }) => arrived(user).length >= 2), {
      context: () => run.output,
    });
    await quiet();
    expect(audit(again, withoutRedeliveries([...arrived('large-0'), ...arrived('discarded-0')], 2))).toEqual(
      CLEAN,
    );

    expect(await run.sluice('rejected', 'retry', 'router', discarded)).toMatchObject({ code: 0, stderr: '' });
    await until('the event again', () => arrivedIds(arrived('discarded-0')).length > 2, {
      context: () => run.output,
    });
    await quiet();
    expect(arrivedIds(arrived('discarded-0'))).toEqual(['discarded-0-0', 'discarded-0-1', 'discarded-0-0']);
  },
  4 * DEADLINE_MS,
);
