/** A destination of Segment's catalogue in the local run: the deployed bundle, with a recording server in the place of its service. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { audit, CLEAN } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { Recorder } from '../support/actions/recorder.ts';
import { startLocalRun } from '../support/local-run.ts';
import { control, stageStatus } from '../support/operator.ts';
import { eventsOf, sendWithSdk, usersNamed } from './clients.ts';

const recorder = new Recorder();
let run: LocalRun;

beforeAll(async () => {
  await recorder.start();
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: [
        {
          id: 'hook',
          type: 'actions',
          destination: 'webhook',
          settings: { sharedSecret: { secretName: 'shared' } },
          subscriptions: [
            { action: 'send', subscribe: 'type = "track"', mapping: { url: 'https://hook.example/in' } },
          ],
        },
      ],
      timing: { minBackoff: '1s', maxBackoff: '2s' },
    },
    secrets: { shared: 'shared-secret-1' },
    env: { SLUICE_CONTROL_SECONDS: '2', SLUICE_ACTIONS_ORIGIN: recorder.origin },
  });
}, 2 * DEADLINE_MS);
afterAll(() => recorder.close());

interface Sent extends Readonly<Record<string, unknown>> {
  readonly userId: string;
  readonly messageId: string;
}
const accepted: Sent[] = [];
const taken = (prefix: string): readonly Sent[] => accepted.filter(({ userId }) => userId.startsWith(prefix));

it(
  'is delivered in order, tried again when it is down, and rejected when it refuses: each user for themselves',
  async () => {
    let isDown = true;
    recorder.answer = ({ body }) => {
      const event = JSON.parse(body) as Sent;
      if (event.userId.startsWith('later') && isDown) return { status: 503 };
      if (event.userId.startsWith('refused')) return { status: 400, body: 'no such plan, shared-secret-1' };
      accepted.push(event);
      return { status: 200 };
    };
    const well = eventsOf(usersNamed('well', 3), 4);
    const later = eventsOf(usersNamed('later', 2), 3);
    const refused = eventsOf(['refused'], 2);
    await sendWithSdk(run.dataPlaneUrl, 'web-key', [...well, ...later, ...refused]);
    const context = (): string => run.output.slice(-4000);
    const untilTaken = (prefix: string, count: number) =>
      until(`${count} of ${prefix}`, () => (taken(prefix).length >= count ? true : undefined), { context });

    await untilTaken('well', well.length);
    expect(audit(well, taken('well'))).toEqual(CLEAN);
    await until('a failure', async () => {
      const { lastFailure } = await stageStatus(run, 'hook');
      return lastFailure?.text.includes('send: hook.example answered 503') === true ? true : undefined;
    });
    const rejected = await until('the rejected events', async () => {
      const { events } = await control(run, { command: 'rejected', stage: 'hook' });
      return events.length === refused.length ? events : undefined;
    });
    for (const { reason } of rejected)
      expect(reason).toBe('send: hook.example answered 400: no such plan, [redacted]');

    isDown = false;
    await untilTaken('later', later.length);
    expect(audit(later, taken('later'))).toEqual(CLEAN);
    expect(recorder.requests[0]?.headers['x-signature']).toMatch(/^[0-9a-f]{40}$/);
  },
  4 * DEADLINE_MS,
);
