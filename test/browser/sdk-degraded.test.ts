/** Degraded mode, seen from a page: its events are accepted as before, none is delivered for a while, and then all are, in order. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { CLEAN } from '../../tools/driver/audit.ts';
import { untilMode } from '../support/operator.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { Setup, type Visitor } from './sdk-setup.ts';

const fine = 'export default (event) => event;';
const bad = `export default () => { throw new Error('a bad deploy'); };`;

/** @returns when all of them were answered, and the SDK has forgotten them */
const trackAndForget = async (visitor: Visitor, events: number, from: number): Promise<void> => {
  await visitor.track(events, from);
  await until('the SDK to have nothing stored', async () => (await visitor.stored()).length === 0);
};

it(
  'a bad deploy, and its fix',
  async () => {
    const setup = await Setup.start(
      {
        transform: './all.mjs',
        timing: { maxBackoff: '2s', refusalDelay: '2s' },
        // The pause is long: only the fix ends degraded mode.
        degradedMode: { crashes: 1, redriveThreshold: 1, pause: '1 hour' },
      },
      { files: { 'all.mjs': fine } },
    );
    const deploy = async (transform: string): Promise<void> => {
      setup.run.write('all.mjs', transform);
      expect(await setup.run.sluice('redeploy')).toMatchObject({ code: 0 });
    };
    const batch = { enabled: true, flushInterval: 500 };
    const visitor = await setup.visitRudderStack('ada', { options: { queueOptions: { batch } } });
    await visitor.untilReady();
    await trackAndForget(visitor, 10, 0);
    expect(await setup.untilArrived('ada', 10)).toEqual(CLEAN);

    await deploy(bad);
    await trackAndForget(visitor, 10, 10);
    await untilMode(setup.run, 'router', 'degraded');
    for (let from = 20; from < 60; from += 10) await trackAndForget(visitor, 10, from);
    await sleep(3_000);
    expect(setup.auditOf('ada', 60).lost).toHaveLength(50);
    const posts = visitor.requests.filter((request) => request.method() === 'POST');
    expect(new Set(posts.map((request) => request.response()?.status()))).toEqual(new Set([200]));
    expect(visitor.complaints).toEqual([]);

    await deploy(fine);
    expect(await setup.untilArrived('ada', 60)).toEqual(CLEAN);
  },
  6 * DEADLINE_MS,
);
