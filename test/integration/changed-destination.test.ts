/** A destination's id is changed while events wait for it, queued and parked; it is configured again, delivers them, and goes; the next one adopts. */
import { beforeAll, expect, it } from '@jest/globals';
import type { PipelineConfig } from '../../config/index.ts';
import { audit, CLEAN, type SentEvent } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { withoutRedeliveries } from '../support/arrivals.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { control, parkedKeys, untilStage } from '../support/operator.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

/** Events of these users crash the first destination until it is fixed. */
const POISONED = 'poison';
const poison = `export default (event) => {
  if (event.userId.startsWith('${POISONED}')) throw new Error('not today');
  return event;
};
`;

type Destination = Extract<PipelineConfig['destinations'][number], { type: 'webhook' }>;

const destination = (id: string, more: Partial<Destination> = {}): Destination => ({
  id,
  type: 'webhook',
  url: receiver.url(`/${id}`),
  ...more,
});

const configOf = (...destinations: Destination[]): PipelineConfig => ({
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations,
  timing: { minBackoff: '1s', maxBackoff: '2s' },
  degradedMode: { crashes: 1, redriveThreshold: 50 },
});

const send = (events: readonly SentEvent[]) =>
  sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key' });

const deploy = async (...destinations: Destination[]): Promise<void> => {
  run.configure(configOf(...destinations));
  expect(await run.sluice('redeploy')).toMatchObject({ code: 0, stderr: '' });
};

const orphans = async () => (await control(run, { command: 'status' })).orphans;

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: configOf(destination('crm', { transform: './crm.mjs' })),
    env: { SLUICE_CONTROL_SECONDS: '2' },
    files: { 'crm.mjs': poison },
  });
});

it(
  'loses no event, and keeps the order of each user',
  async () => {
    const parked = eventsOf(usersNamed(POISONED, 2), 3);
    await send(parked);
    await until('two users to be parked', async () => (await parkedKeys(run, 'crm')).length === 2);
    expect(await run.sluice('hold', 'crm', '--reason', 'its id changes')).toMatchObject({ code: 0 });
    const waiting = eventsOf(usersNamed('waiting', 4), 3);
    await send(waiting);
    await untilStage(run, 'crm', 'full', ({ queue }) => queue.visible + queue.inFlight >= 4);

    // Another id is another destination: new events are its own, and what waits for the former one stays where it is.
    await deploy(destination('crm-2'));
    const later = eventsOf(usersNamed('waiting', 4), 5, 3);
    await send(later);
    await receiver.waitFor('/crm-2', later.length);
    const [left] = await orphans();
    expect(left).toMatchObject({ id: 'crm', parkedKeys: 2 });
    expect((left?.queue.visible ?? 0) + (left?.queue.inFlight ?? 0)).toBeGreaterThanOrEqual(4);
    expect(receiver.sentTo('/crm')).toEqual([]);

    // The way back: under its former id, disabled, with what it waited for fixed. It is held still.
    await deploy(destination('crm', { enabled: false }), destination('crm-2'));
    expect(await untilStage(run, 'crm', 'there again', () => true)).toMatchObject({ held: true });
    expect(await run.sluice('resume', 'crm')).toMatchObject({ code: 0 });
    await run.sluice('retry', 'crm');
    const all = [...parked, ...waiting];
    await receiver.waitFor('/crm', all.length, { deadlineMs: 2 * DEADLINE_MS });
    expect(audit(all, withoutRedeliveries(receiver.sentTo('/crm'), 2))).toEqual(CLEAN);
    expect(audit(later, withoutRedeliveries(receiver.sentTo('/crm-2'), 2))).toEqual(CLEAN);

    // Nothing is left, so it may go.
    await untilStage(
      run,
      'crm',
      'empty',
      ({ queue, parkedKeys: keys }) => queue.visible + queue.inFlight + keys === 0,
    );
    // Its successor gets another id with events in the queue, which the next one adopts.
    expect(await run.sluice('hold', 'crm-2', '--reason', 'its id changes too')).toMatchObject({ code: 0 });
    const adopted = eventsOf(usersNamed('adopted', 3), 3);
    await send(adopted);
    await untilStage(run, 'crm-2', 'full', ({ queue }) => queue.visible + queue.inFlight >= 3);
    await deploy(destination('crm-3'));
    expect((await orphans()).map(({ id }) => id)).toEqual(['crm-2']);
    const { code, stdout } = await run.sluice('adopt', 'crm-2', '--into', 'crm-3');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('moved to the queue of crm-3') as unknown,
    });
    await receiver.waitFor('/crm-3', adopted.length);
    expect(audit(adopted, withoutRedeliveries(receiver.sentTo('/crm-3'), 2))).toEqual(CLEAN);
    expect(await orphans()).toEqual([]);
  },
  7 * DEADLINE_MS,
);
