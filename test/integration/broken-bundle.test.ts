/** Code that does not load, and a function that does not start: the stage degrades before any message arrives. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { PipelineConfig } from '../../config/index.ts';
import { audit, CLEAN, type SentEvent } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { stageStatus, untilMode, untilStage } from '../support/operator.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

const config = (): PipelineConfig => ({
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations: [
    { id: 'crm', type: 'webhook', url: receiver.url('/crm'), transform: './crm.mjs' },
    { id: 'lake', type: 'webhook', url: receiver.url('/lake') },
  ],
  transform: './all.mjs',
  timing: {
    deliverTimeout: '4s',
    deliverVisibility: '24s',
    requestTimeout: '1s',
    routerTimeout: '4s',
    routerVisibility: '24s',
    maxBackoff: '2s',
    refusalDelay: '2s',
  },
  degradedMode: { pause: '1 hour', window: '6s', maxDrainBackoff: '20s' },
});
const fine = 'export default (event) => event;';
const sent: SentEvent[] = [];
const send = async (events: readonly SentEvent[]): Promise<void> => {
  await sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key', batch: 10 });
  sent.push(...events);
};
const users = usersNamed('user', 6);

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: config(),
    files: { 'all.mjs': fine, 'crm.mjs': fine },
    env: { SLUICE_CONTROL_SECONDS: '2' },
  });
});

describe.each([
  ['a transform that does not load', `throw new Error('cannot load'); ${fine}`, 'load'],
  ['a function that does not start', `process.exit(7); ${fine}`, 'load'],
] as const)('%s', (_, broken, kind) => {
  it.each([
    ['the router', 'router', 'all.mjs'],
    ['a destination', 'crm', 'crm.mjs'],
  ] as const)(
    'degrades %s, which recovers once the bundle is fixed',
    async (__, stage, file) => {
      run.write(file, broken);
      expect(await run.sluice('redeploy')).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/does not load: .*\nNothing was changed\.\n$/),
      });
      expect(await run.sluice('redeploy', '--unchecked')).toMatchObject({ code: 0 });
      const status = await untilMode(run, stage, 'degraded');
      expect(status.reason).toMatch(/probe/);
      expect(status.lastCrash).toMatchObject({ kind });
      await send(eventsOf(users, 2, sent.length / users.length));
      if (stage === 'crm') {
        expect(await stageStatus(run, 'router')).toMatchObject({ mode: 'normal' });
        await receiver.waitFor('/lake', sent.length);
      }
      run.write(file, `${fine} // fixed ${status.epoch}`);
      expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
      await untilStage(run, stage, 'recovering', ({ epoch }) => epoch > status.epoch);
      for (const path of ['/crm', '/lake']) {
        await receiver.waitFor(path, sent.length, { deadlineMs: 3 * DEADLINE_MS });
        const { duplicates, ...rest } = audit(sent, receiver.takenBy(path));
        expect({ path, ...rest, duplicates: [] }).toEqual({ path, ...CLEAN });
        expect(duplicates.length).toBeLessThan(sent.length);
      }
      await untilMode(run, stage, 'normal');
    },
    6 * DEADLINE_MS,
  );
});
