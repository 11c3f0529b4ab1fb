/** A destination in a nested stack: it delivers, degrades, pages and recovers as one in the pipeline's own stack, with the roles it has there. */
import { beforeAll, expect, it } from '@jest/globals';
import type { PipelineConfig } from '../../config/index.ts';
import { alarmNotices } from '../../tools/driver/alarms.ts';
import { audit, CLEAN, type SentEvent } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { withoutRedeliveries } from '../support/arrivals.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { incidentStates, untilMode, untilStage } from '../support/operator.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

/** The first is in the pipeline's own stack, the others in two nested ones, whose templates have ids in common. */
const config = (): PipelineConfig => ({
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations: [
    { id: 'crm', type: 'webhook', url: receiver.url('/crm') },
    { id: 'lake', type: 'webhook', url: receiver.url('/lake'), nestedStack: 'b', transform: './lake.mjs' },
    { id: 'mail', type: 'webhook', url: receiver.url('/mail'), nestedStack: 'c' },
  ],
  timing: { minBackoff: '1s', maxBackoff: '2s', refusalDelay: '2s' },
  // The pause is longer than this test: only a deployed fix can make the stage recover.
  degradedMode: { pause: '1 hour' },
  alerts: { urls: [receiver.url('/alerts')] },
});

const fine = 'export default (event) => event;';
const bad = `export default () => { throw new Error('a bad deploy'); };`;

const users = usersNamed('user', 10);
const sent: SentEvent[] = [];
const send = async (events: readonly SentEvent[]): Promise<void> => {
  await sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key', batch: 10 });
  sent.push(...events);
};
const arrivedAt = async (path: string): Promise<void> => {
  await receiver.waitFor(path, sent.length, { deadlineMs: 3 * DEADLINE_MS });
  expect(audit(sent, withoutRedeliveries(receiver.sentTo(path)))).toEqual(CLEAN);
};
const alarms = (what: RegExp) =>
  alarmNotices(receiver.sentTo('/alerts')).filter(({ name }) => what.test(name));

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: config(),
    files: { 'lake.mjs': fine },
    env: { SLUICE_CONTROL_SECONDS: '5' },
  });
}, DEADLINE_MS);

it(
  'delivers every event to destinations in the own stack and in nested ones',
  async () => {
    await send(eventsOf(users, 2));
    for (const path of ['/crm', '/lake', '/mail']) await arrivedAt(path);
  },
  2 * DEADLINE_MS,
);

it(
  'degrades one in a nested stack alone, stops its mapping, and raises its alarm',
  async () => {
    run.write('lake.mjs', bad);
    expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
    await send(eventsOf(users, 2, 2));
    expect(await untilMode(run, 'lake', 'degraded')).toMatchObject({ epoch: 1, shut: true });
    await untilStage(run, 'lake', 'disabled', ({ mapping }) => mapping.state === 'Disabled');
    await until(
      'the alarm',
      () => alarms(/lake is in degraded mode/).some(({ state }) => state === 'ALARM'),
      {
        context: () => run.output,
      },
    );
    for (const path of ['/crm', '/mail']) await arrivedAt(path);
  },
  5 * DEADLINE_MS,
);

it(
  'recovers it once the fix is deployed, in order, and resolves the alarm',
  async () => {
    run.write('lake.mjs', fine);
    expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
    // It is normal after 20 successes, of which a trial that begins the recovery is none: what waits may be one short of them.
    await send(eventsOf(users, 1, 4));
    await untilMode(run, 'lake', 'normal');
    await untilStage(run, 'lake', 'drained', ({ parkedKeys }) => parkedKeys === 0);
    await arrivedAt('/lake');
    await until(
      'the alarm to be resolved',
      () => incidentStates(alarms(/lake is in degraded mode/)).at(-1) === 'OK',
      { deadlineMs: 3 * DEADLINE_MS, context: () => run.output },
    );
    expect(incidentStates(alarms(/lake is in degraded mode/))).toEqual(['ALARM', 'OK']);
  },
  6 * DEADLINE_MS,
);
