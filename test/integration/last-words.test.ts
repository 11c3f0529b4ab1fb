/** Code that kills the function's process. The environment's next process reads what the former one had in hand. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { parkedKeys, stageStatus } from '../support/operator.ts';
import { webhookPipeline, withTransform } from '../support/pipelines.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

/** The queues hide the messages of a dead process for so long: by default it is less than a busy machine may need for the three deaths. */
const HIDDEN = '30 minutes';

/** Messages of the traffic, in queues and in hand: enough for three environments. */
const MOST_WAITING = 24;

const deadly = `export default async (event) => {
  if (event.userId === 'bad-0') process.kill(process.pid, 'SIGKILL');
  if (event.userId.startsWith('busy-')) await new Promise((done) => setTimeout(done, 2_000));
  return event;
};`;

describe.each([
  ['the router', 'router'],
  ['a destination', 'crm'],
] as const)('code that kills the process of %s', (_, stage) => {
  let receiver: Receiver;
  let run: LocalRun;

  beforeAll(async () => {
    receiver = await startReceiver();
    run = await startLocalRun({
      config: withTransform(
        webhookPipeline(receiver, { timing: { routerVisibility: HIDDEN, deliverVisibility: HIDDEN } }),
        stage,
        './deadly.mjs',
      ),
      files: { 'deadly.mjs': deadly },
      env: { SLUICE_CONTROL_SECONDS: '3', SLUICE_CONCURRENCY: '3' },
    });
  });

  it(
    'is parked after three deaths, and the others in the batch do not wait for the visibility timeout',
    async () => {
      const good = usersNamed('good', 9);
      const events = eventsOf([...good.slice(0, 5), 'bad-0', ...good.slice(5)], 1);
      const to = { url: () => run.dataPlaneUrl, writeKey: 'web-key', batch: 10 };
      await sendPlainly(events, to);
      const usersOf = (kind: string): ReadonlySet<unknown> =>
        new Set(
          receiver
            .takenBy('/crm')
            .map(({ userId }) => userId)
            .filter((user) => String(user).startsWith(kind)),
        );
      // Last words are read when the environment is used again, and Lambda chooses which one is used: traffic that
      // keeps several busy uses them all. It does not wait for answers: on a busy machine it would be too little. More than the
      // machine can do is too much: what is delivered again would wait behind it.
      const traffic = { isOver: false };
      const sending = (async () => {
        const sent: Promise<void>[] = [];
        while (!traffic.isOver) {
          if (sent.length - usersOf('busy-').size < MOST_WAITING)
            sent.push(sendPlainly([{ user: `busy-${String(sent.length)}`, seq: 0 }], to));
          await sleep(300);
        }
        await Promise.all(sent);
      })();
      const arrived = () => usersOf('good-').size;
      await until('the nine others', () => arrived() >= good.length, {
        deadlineMs: 3 * DEADLINE_MS,
        context: () => `${String(arrived())} arrived\n${run.output.slice(-6_000)}`,
      });
      const [key] = await until(
        'the key to be parked',
        async () => {
          const keys = await parkedKeys(run, stage);
          return keys.length > 0 ? keys : undefined;
        },
        { deadlineMs: 5 * DEADLINE_MS, context: () => run.output.slice(-6_000) },
      );
      traffic.isOver = true;
      await sending;
      expect(key?.reason).toMatch(
        /^others get through, this user does not: it crashed 3 times: the process ended/,
      );
      expect(key?.crash).toMatchObject({ kind: 'death' });
      expect(await stageStatus(run, stage)).toMatchObject({ mode: 'normal', redrives: 1, parkedKeys: 1 });
      const redriven = run.output.split('\n').filter((line) => line.includes('"message":"redriven"'));
      expect(redriven).toHaveLength(1);
    },
    10 * DEADLINE_MS,
  );
});
