/** A bad deployment crashes on every event: the pipeline degrades and pages; a fix is deployed, and it recovers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { audit, CLEAN, type SentEvent } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { withoutRedeliveries } from '../support/arrivals.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { alarmNotices } from '../../tools/driver/alarms.ts';
import { control, incidentStates, stageStatus, untilMode, untilStage } from '../support/operator.ts';
import { webhookPipeline } from '../support/pipelines.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

const config = () =>
  webhookPipeline(receiver, {
    transform: './all.mjs',
    timing: { routerTimeout: '10s', maxBackoff: '2s', refusalDelay: '2s' },
    // The pause is longer than this test: only a deployed fix can make the stage recover.
    degradedMode: { pause: '1 hour' },
    alerts: { pagerDuty: { secretName: 'pager-url' }, urls: [receiver.url('/other')] },
  });
const fine = 'export default (event) => event;';
const bad = `export default () => { throw new Error('a bad deploy'); };`;

const sent: SentEvent[] = [];
const send = async (events: readonly SentEvent[]): Promise<void> => {
  await sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key', batch: 10 });
  sent.push(...events);
};
type Health = Readonly<Record<string, string>>;

/** The mode is UNKNOWN when it could not be read in time: on a busy machine the request is repeated. */
const health = (): Promise<Health> =>
  until('health with a known mode', async () => {
    const answer = (await (await fetch(`${run.dataPlaneUrl}/health`)).json()) as Health;
    return answer['mode'] === 'UNKNOWN' ? undefined : answer;
  });
const notices = (path: string) =>
  alarmNotices(receiver.sentTo(path)).filter(({ name }) => /degraded/i.test(name) && /router/i.test(name));

const users = usersNamed('user', 10);

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: config(),
    files: { 'all.mjs': fine },
    secrets: { 'pager-url': receiver.url('/pager') },
    env: { SLUICE_CONTROL_SECONDS: '5' },
  });
});

describe('a deployment that crashes on every event', () => {
  it(
    'degrades the system at the fifth redrive, and pages within a minute',
    async () => {
      await send(eventsOf(users, 2));
      await receiver.waitFor('/crm', sent.length);
      expect(await health()).toMatchObject({
        mode: 'NORMAL',
        routingEvents: 'TRUE',
        acceptingEvents: 'TRUE',
      });
      run.write('all.mjs', bad);
      expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
      await send(eventsOf(users, 2, 2));
      const status = await untilMode(run, 'router', 'degraded');
      const flippedAt = Date.now();
      expect(status).toMatchObject({ redrives: 5, epoch: 1, shut: true });
      expect(status.reason).toMatch(/5 messages/);
      expect(status.lastCrash).toMatchObject({ error: expect.stringContaining('a bad deploy') as unknown });
      for (const path of ['/pager', '/other']) {
        await until(`the page at ${path}`, () => notices(path).some(({ state }) => state === 'ALARM'), {
          context: () => run.output,
        });
      }
      expect(Date.now() - flippedAt).toBeLessThan(60_000);
    },
    5 * DEADLINE_MS,
  );

  it(
    'accepts events as before, and forwards nothing',
    async () => {
      await untilStage(run, 'router', 'disabled', ({ mapping }) => mapping.state === 'Disabled');
      const { length } = receiver.requests.filter(({ path }) => path === '/crm');
      await send(eventsOf(users, 5, 4));
      expect(await health()).toMatchObject({
        mode: 'DEGRADED',
        routingEvents: 'FALSE',
        acceptingEvents: 'TRUE',
      });
      await sleep(6_000);
      expect(receiver.requests.filter(({ path }) => path === '/crm')).toHaveLength(length);
      // Every event is in the queue or parked.
      const { queue, parkedKeys } = await stageStatus(run, 'router');
      expect(parkedKeys).toBeGreaterThanOrEqual(5);
      expect(queue.visible + queue.inFlight).toBeGreaterThan(0);
    },
    2 * DEADLINE_MS,
  );

  it(
    'stays degraded when a deployment enables the mapping again',
    async () => {
      const before = receiver.requests.length;
      run.configure({ ...config(), router: { maxConcurrency: 7 } });
      expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
      await send(eventsOf(users, 1, 9));
      await sleep(3_000);
      expect(await stageStatus(run, 'router')).toMatchObject({ mode: 'degraded', epoch: 1 });
      expect(receiver.requests.filter(({ path }) => path === '/crm').length).toBeLessThanOrEqual(before);
      await untilStage(run, 'router', 'disabled again', ({ mapping }) => mapping.state === 'Disabled');
    },
    2 * DEADLINE_MS,
  );

  it(
    'recovers automatically once the fix is deployed, in order, while events keep arriving',
    async () => {
      run.write('all.mjs', fine);
      expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
      const traffic = { going: true };
      const sending = (async () => {
        for (let seq = 10; traffic.going; seq += 1) {
          await send(eventsOf(users, 1, seq));
          await sleep(1_000);
        }
      })();
      await untilStage(run, 'router', 'recovering', ({ epoch }) => epoch >= 2);
      const normal = await untilMode(run, 'router', 'normal');
      await untilStage(run, 'router', 'drained', ({ parkedKeys }) => parkedKeys === 0);
      traffic.going = false;
      await sending;
      await receiver.waitFor('/crm', sent.length, { deadlineMs: 3 * DEADLINE_MS });
      expect(audit(sent, withoutRedeliveries(receiver.sentTo('/crm')))).toEqual(CLEAN);
      // Other keys had crashed as well; the new code processed them without a redrive.
      const redriven = [...run.output.matchAll(/"message":"redriven".*?"codeVersion":"(\w+)"/g)].map(
        ([, v]) => v,
      );
      expect(redriven.length).toBeGreaterThanOrEqual(5);
      expect(new Set(redriven)).toEqual(new Set([normal.lastCrash?.codeVersion]));
      expect(normal.history.map(({ mode }) => mode)).toEqual(['degraded', 'recovering', 'normal']);
      expect(normal.history[1]?.reason).toMatch(/code/);
    },
    6 * DEADLINE_MS,
  );

  it(
    'resolves the page: one ALARM and one OK, under one name',
    async () => {
      for (const path of ['/pager', '/other']) {
        const states = () => incidentStates(notices(path));
        await until('the page to be resolved', () => states().at(-1) === 'OK', {
          deadlineMs: 3 * DEADLINE_MS,
          context: () => `${JSON.stringify(notices(path))}\n${run.output}`,
        });
        expect(states()).toEqual(['ALARM', 'OK']);
        expect(new Set(notices(path).map(({ name }) => name)).size).toBe(1);
      }
      expect(await health()).toMatchObject({ mode: 'NORMAL', routingEvents: 'TRUE' });
    },
    7 * DEADLINE_MS,
  );
});

describe('an operator', () => {
  it(
    'holds the pipeline; a hold outlives a deployment, and only resume ends it',
    async () => {
      await control(run, { command: 'hold', stage: 'router', reason: 'a test' });
      const { length } = sent;
      await send(eventsOf(usersNamed('held', 3), 3));
      run.write('all.mjs', `${fine} // another version`);
      expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
      await sleep(8_000);
      expect(await stageStatus(run, 'router')).toMatchObject({ mode: 'normal', held: true, shut: true });
      expect(await stageStatus(run, 'crm')).toMatchObject({ mode: 'normal', held: false, shut: true });
      expect(new Set(receiver.takenBy('/crm').map(({ messageId }) => messageId)).size).toBe(length);
      expect(await run.sluice('resume', 'router')).toMatchObject({ code: 0, stderr: '' });
      await receiver.waitFor('/crm', sent.length, { deadlineMs: 3 * DEADLINE_MS });
      expect(audit(sent, receiver.sentTo('/crm'))).toMatchObject({ lost: [], orderViolations: [] });
    },
    5 * DEADLINE_MS,
  );
});
