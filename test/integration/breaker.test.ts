/** Destinations that are down: for all users, and for one user alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { audit, CLEAN } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { withoutRedeliveries } from '../support/arrivals.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { parkedKeys, stageStatus, untilMode, untilStage } from '../support/operator.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

const ids = ['dead', 'slow', 'picky', 'fine'] as const;
const users = usersNamed('user', 8);
const sent = [...eventsOf(users, 6)];

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: ids.map((id) => ({ id, type: 'webhook', url: receiver.url(`/${id}`) })),
      timing: {
        deliverTimeout: '10s',
        deliverVisibility: '60s',
        requestTimeout: '2s',
        maxBackoff: '2s',
        refusalDelay: '2s',
      },
      degradedMode: {
        breakerTime: '5s',
        parkAfter: '30s',
        pause: '8s',
        window: '10s',
        maxDrainBackoff: '20s',
      },
    },
    env: { SLUICE_CONTROL_SECONDS: '2' },
  });
  receiver.answer('/dead', 503);
  receiver.answer('/slow', 'hang');
  receiver.answer('/picky', ({ events }) => (events[0]?.['userId'] === 'user-0' ? 500 : 200));
  await sendPlainly(sent, { url: () => run.dataPlaneUrl, writeKey: 'web-key', batch: 8 });
});

describe('while destinations are down', () => {
  it(
    'the others are not delayed',
    async () => {
      await receiver.waitFor('/fine', sent.length);
      expect(audit(sent, withoutRedeliveries(receiver.sentTo('/fine')))).toEqual(CLEAN);
      expect(await stageStatus(run, 'fine')).toMatchObject({ mode: 'normal', epoch: 0 });
      expect(await stageStatus(run, 'router')).toMatchObject({ mode: 'normal', epoch: 0 });
    },
    4 * DEADLINE_MS,
  );

  it(
    'the breaker of one that answers 503 to every user opens',
    async () => {
      const status = await untilMode(run, 'dead', 'degraded');
      // The first time: on a busy machine a recovery may have begun and failed before this looks.
      const opened = status.history.find(({ mode }) => mode === 'degraded');
      expect(opened?.reason).toMatch(/deliveries/);
      expect(status).toMatchObject({ redrives: 0 });
      expect(await parkedKeys(run, 'dead')).toEqual([]);
    },
    4 * DEADLINE_MS,
  );

  it(
    'one that hangs charges no event and causes no crash',
    async () => {
      const status = await stageStatus(run, 'slow');
      expect(status).toMatchObject({ redrives: 0 });
      // On a busy machine a probe may time out; no message does.
      expect(status.lastCrash?.messageId).toBeUndefined();
      expect(await parkedKeys(run, 'slow')).toEqual([]);
    },
    2 * DEADLINE_MS,
  );

  it(
    'the only user who is answered 500 is parked, and not counted; the others continue',
    async () => {
      // Only progress of others between its failures shows that the user is in own trouble.
      const traffic = { isOver: false };
      const others = users.slice(1);
      let seq = 6;
      const sending = (async () => {
        for (; !traffic.isOver; seq += 1) {
          const events = eventsOf(others, 1, seq);
          await sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key', batch: 8 });
          sent.push(...events);
          await sleep(1_000);
        }
      })();
      const status = await untilStage(
        run,
        'picky',
        'with one parked key',
        ({ parkedKeys: keys }) => keys === 1,
      );
      traffic.isOver = true;
      await sending;
      expect(status).toMatchObject({ mode: 'normal', redrives: 0, epoch: 0 });
      await receiver.waitFor('/picky', others.length * seq);
      expect(audit(eventsOf(others, seq), receiver.takenBy('/picky'))).toMatchObject({
        lost: [],
        orderViolations: [],
      });
    },
    4 * DEADLINE_MS,
  );
});

describe('once they are up again', () => {
  it(
    'each delivers everything in order, and its breaker closes automatically',
    async () => {
      for (const id of ids) receiver.answer(`/${id}`, 200);
      for (const id of ids) {
        await receiver.waitFor(`/${id}`, sent.length, { deadlineMs: 3 * DEADLINE_MS });
        const found = audit(sent, withoutRedeliveries(receiver.takenBy(`/${id}`)));
        expect({ id, ...found }).toEqual({ id, ...CLEAN });
      }
      for (const id of ids) {
        await untilMode(run, id, 'normal');
        await untilStage(run, id, 'without parked keys', ({ parkedKeys: keys }) => keys === 0);
      }
    },
    6 * DEADLINE_MS,
  );
});
