/**
 * The release before is upgraded under load, rolled back, and upgraded again, on the same data: nothing is lost, and each user's order is kept,
 * also of those who are parked meanwhile. The release before is its template and its functions as they were deployed (`test/compatibility`); the
 * local run around them is the present one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from '@jest/globals';
import type { PipelineConfig } from '../../config/index.ts';
import { ROOT } from '../../local/common/settings.ts';
import { audit, CLEAN, type SentEvent } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { newLocalRun, startReceiver } from '../support/local-run.ts';
import { parkedKeys } from '../support/operator.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

const COMPATIBILITY = join(ROOT, 'test', 'compatibility');
const read = (name: string): string => readFileSync(join(COMPATIBILITY, name), 'utf8');
const FIXED = 'export default (event) => event;\n';

let receiver: Receiver;
let run: LocalRun;
/** Of the run's next start: with an app of its own it is the release before. */
const env: Record<string, string> = {};

const sent: SentEvent[] = [];

const send = async (events: readonly SentEvent[]): Promise<void> => {
  await sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key', batch: 4 });
  sent.push(...events);
};

const arrived = (stage: 'crm' | 'lake'): number => receiver.sentTo(`/${stage}`).length;

const context = (): string =>
  `${sent.length} sent, ${arrived('crm')} and ${arrived('lake')} arrived\n${run.output.slice(-6000)}`;

const BEFORE = `node ${join(COMPATIBILITY, 'unpack.mjs')} ${join(COMPATIBILITY, 'before.json.br')}`;

/** The code of ingest that answers, by release. */
const commits = new Map<string, string>();

const start = async (release: 'before' | 'present'): Promise<void> => {
  env['SLUICE_APP'] = release === 'before' ? BEFORE : '';
  await run.start();
  const version = await fetch(`${run.dataPlaneUrl}/version`);
  const { Commit } = (await version.json()) as { readonly Commit: string };
  expect(commits.get(release) ?? Commit).toBe(Commit);
  commits.set(release, Commit);
};

/** Stops what runs, in the middle of the traffic, and starts the other release on its data. */
const replaceBy = async (release: 'before' | 'present'): Promise<void> => {
  expect(await run.stop()).toMatchObject({ code: 0 });
  await start(release);
};

/** What was sent so far may go on, and some more of it arrives. */
const someArrive = (): Promise<unknown> => {
  const [crm, lake] = [arrived('crm') + 60, arrived('lake') + 60];
  return until('deliveries', () => arrived('crm') >= crm && arrived('lake') >= lake, { context });
};

const parkedAre = (count: number): Promise<unknown> =>
  until(`${count} parked users`, async () => (await parkedKeys(run, 'crm')).length === count, {
    context,
    deadlineMs: 2 * DEADLINE_MS,
    pollMs: 500,
  });

/** A slow machine would be given what it cannot deliver. */
const MOST_WAITING = 300;
const isBehind = (): boolean => sent.length - Math.min(arrived('crm'), arrived('lake')) > MOST_WAITING;

/** Users who send one request after another until they are told to end. */
const traffic = (users: readonly string[]) => {
  let isOn = true;
  const lanes = users.map(async (user) => {
    for (let seq = 0; isOn;) {
      await sleep(100);
      if (isBehind()) continue;
      await send(eventsOf([user], 4, seq));
      seq += 4;
    }
  });
  return {
    end: async (): Promise<void> => {
      isOn = false;
      await Promise.all(lanes);
    },
  };
};

beforeAll(async () => {
  receiver = await startReceiver();
  const config = JSON.parse(
    read('before.config.json').replaceAll('http://127.0.0.1:9/', receiver.url('/')),
  ) as PipelineConfig;
  env['SLUICE_TEST_RECEIVER'] = receiver.url('/');
  run = newLocalRun({ config, files: { 'before.crm.mjs': read('before.crm.mjs') }, env });
});

it(
  'an upgrade, a rollback and an upgrade again under load lose nothing, and keep each user’s order',
  async () => {
    await start('before');
    const users = traffic(usersNamed('user', 6));
    await send(eventsOf(['poison-0'], 2));
    await parkedAre(1);
    await someArrive();

    await replaceBy('present');
    // Behind what the release before has parked; and a user whom this one parks.
    await send([...eventsOf(['poison-0'], 2, 2), ...eventsOf(['poison-1'], 2)]);
    await parkedAre(2);
    await someArrive();

    await replaceBy('before');
    await send([
      ...eventsOf(['poison-0'], 2, 4),
      ...eventsOf(['poison-1'], 2, 2),
      ...eventsOf(['poison-2'], 2),
    ]);
    await parkedAre(3);
    await someArrive();

    run.write('before.crm.mjs', FIXED);
    await replaceBy('present');
    await someArrive();
    await users.end();
    await run.sluice('retry', 'crm');
    await parkedAre(0);
    expect(new Set(commits.values()).size).toBe(2);
    for (const stage of ['crm', 'lake'] as const)
      await receiver.waitFor(`/${stage}`, sent.length, { deadlineMs: 2 * DEADLINE_MS });
    for (const stage of ['/crm', '/lake']) {
      // A process that is stopped may have delivered what it could not delete.
      const { duplicates, ...rest } = audit(sent, receiver.sentTo(stage));
      expect({ ...rest, duplicates: [] }).toEqual(CLEAN);
      expect(duplicates.length).toBeLessThan(sent.length / 10);
    }
  },
  12 * DEADLINE_MS,
);
