/** The whole local run is killed during a change of mode, during parking and during a drain. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { audit, CLEAN, type SentEvent } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { alarmNotices } from '../../tools/driver/alarms.ts';
import { incidentStates, stageStatus, untilMode, untilStage } from '../support/operator.ts';
import { webhookPipeline } from '../support/pipelines.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

const config = () =>
  webhookPipeline(receiver, {
    transform: './all.mjs',
    timing: { routerTimeout: '4s', routerVisibility: '24s', maxBackoff: '2s', refusalDelay: '2s' },
    degradedMode: { pause: '1 hour', window: '10s', maxDrainBackoff: '20s' },
    alerts: { pagerDuty: { secretName: 'pager-url' } },
  });
const fine = 'export default (event) => event;';
const bad = `export default () => { throw new Error('a bad deploy'); };`;

const users = usersNamed('user', 12);
const sent: SentEvent[] = [];
const send = async (each: number): Promise<void> => {
  const events = eventsOf(users, each, sent.length / users.length);
  await sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key', batch: 12 });
  sent.push(...events);
};
const notices = () =>
  alarmNotices(receiver.sentTo('/pager')).filter(
    ({ name }) => /degraded/i.test(name) && /router/i.test(name),
  );
const restart = async (): Promise<void> => {
  await run.kill9();
  await run.start();
};

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: config(),
    files: { 'all.mjs': fine },
    secrets: { 'pager-url': receiver.url('/pager') },
    env: { SLUICE_CONTROL_SECONDS: '2' },
  });
  await send(2);
  await receiver.waitFor('/crm', sent.length);
});

describe('kill -9', () => {
  it(
    'while messages crash and are parked, and at the change of mode: it still degrades, once',
    async () => {
      run.write('all.mjs', bad);
      expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
      await send(3);
      await untilStage(run, 'router', 'parking', ({ redrives, epoch }) => redrives > 0 || epoch > 0);
      await restart();
      await untilMode(run, 'router', 'degraded');
      await restart();
      expect(await stageStatus(run, 'router')).toMatchObject({ mode: 'degraded', epoch: 1 });
      await until('the page', () => notices().some(({ state }) => state === 'ALARM'), {
        context: () => run.output,
      });
      await send(2);
      await restart();
      expect(receiver.requests.filter(({ path }) => path === '/crm').length).toBeLessThanOrEqual(
        2 * users.length,
      );
    },
    8 * DEADLINE_MS,
  );

  it(
    'while parked keys are drained: nothing is lost, order is kept, the page is resolved',
    async () => {
      receiver.answer('/crm', { status: 200, delay: 50 });
      run.write('all.mjs', fine);
      expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
      const before = receiver.requests.length;
      await until('the first deliveries', () => receiver.requests.length > before + 2, {
        deadlineMs: 3 * DEADLINE_MS,
        context: () => run.output,
      });
      await restart();
      await until('further deliveries', () => receiver.requests.length > before + 8, {
        deadlineMs: 3 * DEADLINE_MS,
        context: () => run.output,
      });
      await restart();
      await receiver.waitFor('/crm', sent.length, { deadlineMs: 4 * DEADLINE_MS });
      await untilMode(run, 'router', 'normal');
      await untilStage(run, 'router', 'drained', ({ parkedKeys }) => parkedKeys === 0);
      const { duplicates, ...rest } = audit(sent, receiver.sentTo('/crm'));
      expect({ ...rest, duplicates: [] }).toEqual(CLEAN);
      expect(duplicates.length).toBeLessThan(sent.length);

      const states = () => incidentStates(notices());
      await until('the page to be resolved', () => states().at(-1) === 'OK', {
        deadlineMs: 3 * DEADLINE_MS,
        context: () => `${JSON.stringify(notices())}\n${run.output}`,
      });
      expect(states()).toEqual(['ALARM', 'OK']);
      expect(new Set(notices().map(({ name }) => name)).size).toBe(1);
    },
    10 * DEADLINE_MS,
  );
});
