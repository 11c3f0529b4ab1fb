import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { PipelineConfig } from '../../config/index.ts';
import { audit, CLEAN, type SentEvent } from '../support/audit.ts';
import { startLocalRun, type LocalRun } from '../support/local-run.ts';
import { Receiver, type ReceivedEvent } from '../support/receiver.ts';
import { DEADLINE_MS, until } from '../support/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

const configOf = (destinations: readonly string[]): PipelineConfig => ({
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations: destinations.map((id) => ({ id, type: 'webhook', url: receiver.url(`/${id}`) })),
  transform: './all.mjs',
  timing: { minBackoff: '1s', maxBackoff: '2s' },
});

/** A transform that marks each event with its version. @param first what it does before */
const transform = (version: number, first = ''): string => `
export default (event) => {
  ${first}
  return { ...event, context: { ...event.context, version: ${version} } };
};
`;
const versionOf = (event: ReceivedEvent): unknown => (event['context'] as { version?: unknown }).version;

const send = (events: readonly SentEvent[]) =>
  sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key' });

/** What arrived of the users with this prefix, at the first destination. */
const arrivals = (prefix: string): readonly ReceivedEvent[] =>
  receiver.sentTo('/crm').filter(({ userId }) => String(userId).startsWith(`${prefix}-`));

const arrived = (prefix: string, count: number) =>
  until(`${count} events of ${prefix}`, () => arrivals(prefix).length >= count, {
    context: () => `${arrivals(prefix).length} arrived\n${run.output}`,
  });

beforeAll(async () => {
  receiver = await Receiver.start();
  run = await startLocalRun({ config: configOf(['crm']), files: { 'all.mjs': transform(1) } });
});

describe('npx sluice redeploy', () => {
  it(
    'gives new events to the new code, and loses none meanwhile',
    async () => {
      // Users who go on sending all the time.
      const busy = usersNamed('busy', 5);
      const lanes = busy.map((user) => eventsOf([user], 100_000));
      const sent: SentEvent[] = [];
      let going = true;
      const sending = lanes.map(async (events) => {
        for (let i = 0; going; i += 2) {
          await send(events.slice(i, i + 2));
          sent.push(...events.slice(i, i + 2));
          // Without a pause there would be a queue by the time of the deployment, and the test would wait for its end.
          await sleep(100);
        }
      });
      await arrived('busy', 50);
      expect(new Set(arrivals('busy').map(versionOf))).toEqual(new Set([1]));

      run.write('all.mjs', transform(2));
      const ended = await run.sluice('redeploy');
      expect(ended).toEqual({
        code: 0,
        signal: null,
        stdout: 'Deployed: the functions run the new code.\n',
        stderr: '',
      });
      const after = eventsOf(usersNamed('after', 10), 2);
      await send(after);
      going = false;
      await Promise.all(sending);

      await arrived('after', after.length);
      expect(audit(after, arrivals('after'))).toEqual(CLEAN);
      expect(new Set(arrivals('after').map(versionOf))).toEqual(new Set([2]));
      await arrived('busy', sent.length);
      expect(audit(sent, arrivals('busy'))).toEqual(CLEAN);
      // No user sees the old code after the new one.
      for (const user of busy) {
        const versions = arrivals('busy')
          .filter(({ userId }) => userId === user)
          .map(versionOf);
        expect(versions).toEqual([...versions].sort());
      }
    },
    3 * DEADLINE_MS,
  );

  it('adds a destination', async () => {
    run.configure(configOf(['crm', 'second']));
    expect(await run.sluice('redeploy')).toMatchObject({ code: 0, stderr: '' });
    const sent = eventsOf(usersNamed('added', 3), 2);
    await send(sent);
    await receiver.waitFor('/second', sent.length);
    expect(audit(sent, receiver.sentTo('/second'))).toEqual(CLEAN);
  });

  it.each([
    [
      'configuration',
      () => run.configure('{ "sources": [] }'),
      'sources: is empty; name at least one source',
    ],
    ['transform', () => run.write('all.mjs', 'export default ('), 'all.mjs'],
    [
      'module',
      () => run.write('all.mjs', `export default null; throw new Error('cannot load');`),
      'transform: all.mjs does not load: Error: cannot load (at all.mjs:1:28); fix it, or set checkTransforms to false',
    ],
  ])('a broken %s is said, and what runs goes on as it was', async (what, breakIt, line) => {
    breakIt();
    const ended = await run.sluice('redeploy');
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain(line);
    expect(ended.stderr).toMatch(/\nNothing was changed\.\n$/);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    const sent = eventsOf(usersNamed(`old-${what}`, 2), 2);
    await send(sent);
    await arrived(`old-${what}`, sent.length);
    expect(new Set(arrivals(`old-${what}`).map(versionOf))).toEqual(new Set([2]));
    run.configure(configOf(['crm', 'second']));
    run.write('all.mjs', transform(2));
  });
});

it(
  'takes a destination away and changes the limits of functions, while these are at work',
  async () => {
    receiver.answer('/crm', { status: 200, delay: 200 });
    const sent = eventsOf(usersNamed('limits', 5), 20);
    await send(sent);
    await arrived('limits', 5);
    const config = configOf(['crm']);
    const limits = { routerTimeout: '20s', deliverTimeout: '50s' } as const;
    run.configure({ ...config, timing: { ...config.timing, ...limits } });
    expect(await run.sluice('redeploy')).toMatchObject({ code: 0, stderr: '' });
    receiver.answer('/crm', 200);
    await arrived('limits', sent.length);
    // What was in hand was brought to its end, so nothing came twice.
    expect(audit(sent, arrivals('limits'))).toEqual(CLEAN);
    const { length } = receiver.sentTo('/second');
    const after = eventsOf(usersNamed('one-less', 2), 2);
    await send(after);
    await arrived('one-less', after.length);
    expect(receiver.sentTo('/second')).toHaveLength(length);
  },
  3 * DEADLINE_MS,
);

it(
  "a transform that throws holds back the user's events alone, and gives them back in order once it is mended",
  async () => {
    run.write('all.mjs', transform(3, `if (event.userId === 'cursed-0') throw new Error('a curse');`));
    expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
    const cursed = eventsOf(['cursed-0'], 60);
    const fine = eventsOf(usersNamed('fine', 10), 12);
    await Promise.all([send(cursed), send(fine)]);
    await arrived('fine', fine.length);
    expect(audit(fine, arrivals('fine'))).toEqual(CLEAN);
    // It has been tried, and the person who runs this was told.
    await until('the crash to be told', () => run.output.includes('a curse'), { context: () => run.output });
    expect(arrivals('cursed')).toEqual([]);

    run.write('all.mjs', transform(4));
    expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
    await arrived('cursed', cursed.length);
    expect(audit(cursed, arrivals('cursed'))).toEqual(CLEAN);
    expect(new Set(arrivals('cursed').map(versionOf))).toEqual(new Set([4]));
  },
  3 * DEADLINE_MS,
);

it('after kill -9 the command line says that nothing answers', async () => {
  const { consoleUrl } = run;
  await run.kill9();
  expect(await run.sluice('redeploy')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `the local run does not answer at ${consoleUrl}; start it with npm start\n`,
  });
});
