import { beforeAll, describe, expect, it } from '@jest/globals';
import { audit, CLEAN } from '../support/audit.ts';
import { startLocalRun, type LocalRun } from '../support/local-run.ts';
import { Receiver } from '../support/receiver.ts';
import { DEADLINE_MS, until } from '../support/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

beforeAll(async () => {
  receiver = await Receiver.start();
  const destination = { id: 'crm', type: 'webhook', url: receiver.url('/crm') } as const;
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: [destination],
      timing: { minBackoff: '1s', maxBackoff: '2s' },
    },
  });
});

const client = (onAcknowledged?: (events: number) => void) => ({
  // Read for each request: after a restart it is another port.
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
    'in the middle of 5,000 acknowledged events: none is lost, order is kept',
    async () => {
      expect(sent).toHaveLength(5_000);
      let acknowledged = 0;
      const arrived = () => receiver.sentTo('/crm').length;
      const context = () => `${acknowledged} acknowledged, ${arrived()} arrived\n${run.output}`;
      const options = client((count) => (acknowledged += count));
      // The last part of each lane waits until deliveries are going on: then both are in the middle of their work.
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

      // Again, now that everything is acknowledged and nobody would send it a second time.
      const before = arrived();
      await until('deliveries', () => arrived() >= before + 100, { context });
      await run.kill9();
      expect(arrived()).toBeLessThan(sent.length);
      receiver.answer('/crm', 200);
      await run.start();
      await receiver.waitFor('/crm', sent.length, { deadlineMs: 2 * DEADLINE_MS });

      // Duplicates are the price of a crash, under the id that they had.
      const { duplicates, ...rest } = audit(sent, receiver.sentTo('/crm'));
      expect({ ...rest, duplicates: [] }).toEqual(CLEAN);
      expect(duplicates.length).toBeLessThan(sent.length);
    },
    5 * DEADLINE_MS,
  );

  it('leaves no process behind once it was started and stopped', async () => {
    expect(run.functionProcesses().length).toBeGreaterThan(0);
    expect(await run.stop()).toMatchObject({ code: 0 });
    expect(run.functionProcesses()).toEqual([]);
  });
});

describe('SIGTERM', () => {
  it('ends what is in flight, says so with code 0, and the next start goes on', async () => {
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
    expect(run.functionProcesses()).toEqual([]);
    // It did not just wait until nothing was left to do.
    expect(arrived().length).toBeLessThan(sent.length);

    await run.start();
    receiver.answer('/crm', 200);
    await until('the rest', () => arrived().length >= sent.length, { context: () => run.output });
    // What was in flight was brought to its end, so nothing comes twice.
    expect(audit(sent, arrived())).toEqual(CLEAN);
  });

  it('tells the command line that nothing runs', async () => {
    await run.stop();
    expect(await run.sluice('redeploy')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `no local run has its data in ${run.dataDir}; start it with npm start\n`,
    });
  });
});
