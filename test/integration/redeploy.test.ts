import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { PipelineConfig } from '../../config/index.ts';
import { audit, CLEAN, type SentEvent } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { withoutRedeliveries } from '../support/arrivals.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import type { Receiver, ReceivedEvent } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

const configOf = (destinations: readonly string[]): PipelineConfig => ({
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations: destinations.map((id) => ({ id, type: 'webhook', url: receiver.url(`/${id}`) })),
  transform: './all.mjs',
  timing: { minBackoff: '1s', maxBackoff: '2s' },
});

/** A transform that marks each event with its version. @param first statements before that */
const transform = (version: number, first = ''): string => `
export default (event) => {
  ${first}
  return { ...event, context: { ...event.context, version: ${version} } };
};
`;
const versionOf = (event: ReceivedEvent): unknown => (event['context'] as { version?: unknown }).version;

const send = (events: readonly SentEvent[]) =>
  sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key' });

/** The events of the users with this prefix that arrived at the first destination. */
const arrivals = (prefix: string): readonly ReceivedEvent[] =>
  receiver.sentTo('/crm').filter(({ userId }) => String(userId).startsWith(`${prefix}-`));

const arrived = (prefix: string, count: number) =>
  until(`${count} events of ${prefix}`, () => arrivals(prefix).length >= count, {
    context: () => `${arrivals(prefix).length} arrived\n${run.output}`,
  });

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({ config: configOf(['crm']), files: { 'all.mjs': transform(1) } });
});

describe('npx sluice redeploy', () => {
  it(
    'gives new events to the new code, and loses no event in the meantime',
    async () => {
      // Users who keep sending throughout.
      const busy = usersNamed('busy', 5);
      const lanes = busy.map((user) => eventsOf([user], 100_000));
      const sent: SentEvent[] = [];
      let going = true;
      const sending = lanes.map(async (events) => {
        for (let i = 0; going; i += 2) {
          await send(events.slice(i, i + 2));
          sent.push(...events.slice(i, i + 2));
          // Without a pause a backlog would build up before the deployment, and the test would wait for it to drain.
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
      expect(audit(after, withoutRedeliveries(arrivals('after'), 2))).toEqual(CLEAN);
      expect(new Set(arrivals('after').map(versionOf))).toEqual(new Set([2]));
      await arrived('busy', sent.length);
      expect(audit(sent, withoutRedeliveries(arrivals('busy'), 2))).toEqual(CLEAN);
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
    expect(audit(sent, withoutRedeliveries(receiver.sentTo('/second'), 2))).toEqual(CLEAN);
  });

  it('accepts a key of an earlier version, with a warning here and in the terminal of the run', async () => {
    const { timing, ...config } = configOf(['crm', 'second']);
    run.configure({ ...config, timing: { ...timing, closedDoorLimit: '1 hour' } });
    const { code, stderr } = await run.sluice('redeploy');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^.*: timing\.closedDoorLimit: is deprecated, and sets degradedMode\.parkAfter; .*\n$/,
    );
    expect(run.output).toContain(`config ${stderr}`);
    run.configure(configOf(['crm', 'second']));
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
  ])('reports a broken %s, and leaves the running functions unchanged', async (what, breakIt, line) => {
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
  'removes a destination and changes the limits of functions while they are working',
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
    // A redeployment lets functions finish the messages that they have in hand, so here no event may arrive twice.
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
  "a transform that throws delays only that user's events, and they arrive in order once it is fixed",
  async () => {
    run.write('all.mjs', transform(3, `if (event.userId === 'cursed-0') throw new Error('a curse');`));
    expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
    const cursed = eventsOf(['cursed-0'], 60);
    const fine = eventsOf(usersNamed('fine', 10), 12);
    await Promise.all([send(cursed), send(fine)]);
    await arrived('fine', fine.length);
    expect(audit(fine, withoutRedeliveries(arrivals('fine'), 2))).toEqual(CLEAN);
    // It was attempted, and the local run printed the crash.
    await until('the printed crash', () => /"message":"crashed".*"eventId":"cursed-/.test(run.output), {
      context: () => run.output,
    });
    expect(arrivals('cursed')).toEqual([]);

    run.write('all.mjs', transform(4));
    expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
    await arrived('cursed', cursed.length);
    expect(audit(cursed, withoutRedeliveries(arrivals('cursed'), 20))).toEqual(CLEAN);
    expect(new Set(arrivals('cursed').map(versionOf))).toEqual(new Set([4]));
  },
  3 * DEADLINE_MS,
);

it('after kill -9 the command line reports that nothing answers', async () => {
  const { consoleUrl } = run;
  await run.kill9();
  expect(await run.sluice('redeploy')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `the local run does not answer at ${consoleUrl}; start it with npm start\n`,
  });
});
