/** Single events of a few users wait in the queue of a destination with a `batch`; when it may forward again, most go in requests of several. */
import { expect, it } from '@jest/globals';
import { audit, CLEAN } from '../../tools/driver/audit.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { withoutRedeliveries } from '../support/arrivals.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { stageStatus, untilStage } from '../support/operator.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

it(
  'sends what waits of a user together, in order',
  async () => {
    const receiver = await startReceiver();
    const run = await startLocalRun({
      config: {
        sources: [{ id: 'web', writeKey: 'web-key' }],
        destinations: [{ id: 'lake', type: 'webhook', url: receiver.url('/lake'), batch: 20 }],
      },
      env: { SLUICE_CONTROL_SECONDS: '2' },
    });
    expect(await run.sluice('hold', 'lake', '--reason', 'a backlog is wanted')).toMatchObject({ code: 0 });
    const isOff = async () => (await stageStatus(run, 'lake')).mapping.state === 'Disabled';
    await until('the queue not to be polled', isOff);

    // One event in a request is a message of its own.
    const events = eventsOf(usersNamed('user', 4), 10);
    await sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key', batch: 1 });
    await untilStage(run, 'lake', 'full', ({ queue }) => queue.visible === events.length);
    expect(await run.sluice('resume', 'lake')).toMatchObject({ code: 0 });
    await receiver.waitFor('/lake', events.length);
    expect(audit(events, withoutRedeliveries(receiver.sentTo('/lake'), 1))).toEqual(CLEAN);
    expect(receiver.requests.length).toBeLessThan(events.length / 2);
  },
  3 * DEADLINE_MS,
);
