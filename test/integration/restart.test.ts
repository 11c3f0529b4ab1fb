import { beforeAll, describe, expect, it } from '@jest/globals';
import { audit, CLEAN } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { functionProcesses, startLocalRun, startReceiver } from '../support/local-run.ts';
import { webhookPipeline } from '../support/pipelines.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: webhookPipeline(receiver, { timing: { minBackoff: '1s', maxBackoff: '2s' } }),
  });
});

const client = (onAcknowledged?: (events: number) => void) => ({
  // Read for each request: after a restart the port is another one.
  url: () => run.dataPlaneUrl,
  writeKey: 'web-key',
  ...(onAcknowledged === undefined ? {} : { onAcknowledged }),
});

describe('kill -9 of the whole local run', () => {
  // Each lane sends two users' events, ten of each in a request.
  const lanes = Array.from({ length: 25 }, (_, i) => {
    const [one = [], other = []] = usersNamed(`user-${i}`, 2).map((user) => eventsOf([user], 100));
    return Array.from({ length: 10 }, (_, r) =>
      [one, other].flatMap((e) => e.slice(10 * r, 10 * r + 10)),
    ).flat();
  });
  const sent = lanes.flat();

  it(
    'in the middle of 5,000 acknowledged events: no event is lost, order is kept',
    async () => {
      expect(sent).toHaveLength(5_000);
      let acknowledged = 0;
      const arrived = () => receiver.sentTo('/crm').length;
      const context = () => `${acknowledged} acknowledged, ${arrived()} arrived\n${run.output}`;
      const options = client((count) => (acknowledged += count));
      // The last part of each lane waits for the first deliveries: then sending and delivering are both under way.
      const early = 120;
      await Promise.all([
        ...lanes.map((events) => sendPlainly(events.slice(0, early), options)),
        until('deliveries', () => arrived() >= 100, { context }),
      ]);
      const sending = Promise.all(lanes.map((events) => sendPlainly(events.slice(early), options)));
      await until('requests', () => acknowledged > early * lanes.length, { context });
      await run.kill9();
      expect(acknowledged).toBeLessThan(sent.length);
      expect(arrived()).toBeLessThan(acknowledged);
      receiver.answer('/crm', { status: 200, delay: 50 });
      await run.start();
      await sending;
      expect(acknowledged).toBe(sent.length);

      // Again, now that everything is acknowledged and no client would send it a second time.
      const before = arrived();
      await until('deliveries', () => arrived() >= before + 100, { context });
      await run.kill9();
      expect(arrived()).toBeLessThan(sent.length);
      receiver.answer('/crm', 200);
      await run.start();
      await receiver.waitFor('/crm', sent.length, { deadlineMs: 2 * DEADLINE_MS });

      // A crash may cause duplicates, under their first id.
      const { duplicates, ...rest } = audit(sent, receiver.sentTo('/crm'));
      expect({ ...rest, duplicates: [] }).toEqual(CLEAN);
      expect(duplicates.length).toBeLessThan(sent.length);
    },
    5 * DEADLINE_MS,
  );

  it('leaves no process behind after a start and a stop', async () => {
    expect(functionProcesses(run).length).toBeGreaterThan(0);
    expect(await run.stop()).toMatchObject({ code: 0 });
    expect(functionProcesses(run)).toEqual([]);
  });
});

describe('SIGTERM', () => {
  it('finishes the deliveries in flight, exits with code 0, and the next start continues', async () => {
    await run.start();
    const sent = eventsOf(usersNamed('later', 2), 40);
    const arrived = () => receiver.sentTo('/crm').filter(({ userId }) => String(userId).startsWith('later'));
    // A function has at most ten messages of a user in hand, so some are left when it is stopped.
    receiver.answer('/crm', { status: 200, delay: 300 });
    await sendPlainly(sent, { ...client(), batch: 2 });
    await until('deliveries', () => arrived().length > 0, { context: () => run.output });
    const ended = await run.stop();
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(ended.stdout).toMatch(/Stopping \.\.\.\n$/);
    expect(functionProcesses(run)).toEqual([]);
    // It did not just wait until everything was delivered.
    expect(arrived().length).toBeLessThan(sent.length);

    await run.start();
    receiver.answer('/crm', 200);
    await until('the rest', () => arrived().length >= sent.length, { context: () => run.output });
    // The deliveries in flight were finished, so here no event may arrive twice.
    expect(audit(sent, arrived())).toEqual(CLEAN);
  });

  it('lets the command line report that nothing runs', async () => {
    await run.stop();
    expect(await run.sluice('redeploy')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `no local run has its data in ${run.dataDir}; start it with npm start\n`,
    });
  });
});
