/** The archive of a local run, and a replay from it into a second destination: under live traffic, and through a `kill -9` in the middle. */
import { beforeAll, expect, it } from '@jest/globals';
import type { ReplayView } from '../../contract/operator-views.ts';
import { audit, CLEAN } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import type { ReceivedEvent, Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { control, untilStage } from '../support/operator.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

let receiver: Receiver;
let run: LocalRun;

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: ['crm', 'lake'].map((id) => ({ id, type: 'webhook', url: receiver.url(`/${id}`) })),
      archive: {},
      timing: {
        minBackoff: '1s',
        maxBackoff: '2s',
        requestTimeout: '2s',
        deliverTimeout: '4s',
        deliverVisibility: '24s',
      },
    },
    env: { SLUICE_CONTROL_SECONDS: '2' },
  });
});

const markOf = (event: ReceivedEvent): string | undefined =>
  (event['context'] as { sluice?: { replay?: string } } | undefined)?.sluice?.replay;
const live = (path: string) => receiver.sentTo(path).filter((event) => markOf(event) === undefined);
const replayed = (id: string) => receiver.sentTo('/lake').filter((event) => markOf(event) === id);

/** Deliveries may be repeated. */
const distinct = (events: readonly ReceivedEvent[]): number =>
  new Set(events.map(({ messageId }) => messageId)).size;

const users = usersNamed('user', 8);
const past = eventsOf(users, 10);
const send = (events: typeof past) =>
  sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: 'web-key' });

const from = new Date(Date.now() - 60_000).toISOString();
/** All that was sent before the replay. */
let selection: {
  readonly stage: string;
  readonly from: string;
  readonly to: string;
  readonly source: string;
};

/** Slices of that many events, until there is nothing left or the number of them is reached. */
const slices = async (id: string, limit: number, most = Infinity): Promise<ReplayView> => {
  for (let made = 1; ; made += 1) {
    const view = await control(run, { command: 'replay', id, limit });
    if (view.isDone || made >= most) return view;
  }
};

it(
  'replays what was archived, each user in order, and loses nothing of what is sent meanwhile',
  async () => {
    await send(past);
    selection = { stage: 'lake', from, to: new Date().toISOString(), source: 'web' };
    await until(
      'all of it to be archived',
      async () => {
        const dry = await control(run, { command: 'replay', ...selection, dryRun: true });
        return dry.isDone && dry.events >= past.length ? true : undefined;
      },
      { deadlineMs: DEADLINE_MS, context: () => run.output.slice(-4000) },
    );
    const { id = '' } = await control(run, { command: 'replay', ...selection });
    // More of the same users, while theirs is replayed.
    const sending = send(eventsOf(users, 10, 10));
    expect(await slices(id, 20, 2)).toMatchObject({ isDone: false });
    await run.kill9();
    await run.start();
    expect(await slices(id, 20)).toMatchObject({ events: past.length, isDone: true, withheld: 0 });
    await sending;
    const all = eventsOf(users, 20);
    const context = () =>
      `${replayed(id).length} replayed, ${live('/lake').length} live\n${run.output.slice(-4000)}`;
    await until(
      'the destinations to have all of it',
      () =>
        distinct(replayed(id)) >= past.length &&
        distinct(live('/lake')) >= all.length &&
        distinct(live('/crm')) >= all.length
          ? true
          : undefined,
      { deadlineMs: 2 * DEADLINE_MS, context },
    );
    for (const path of ['/crm', '/lake'])
      expect({ ...audit(all, live(path)), duplicates: [] }).toEqual(CLEAN);
    expect({ ...audit(past, replayed(id)), duplicates: [] }).toEqual(CLEAN);
    expect(receiver.sentTo('/crm').filter(markOf)).toEqual([]);
    await untilStage(run, 'lake', 'empty', ({ parkedKeys }) => parkedKeys === 0);
  },
  4 * DEADLINE_MS,
);

it('leaves out a user who is erased', async () => {
  const userId = users[0] ?? '';
  const erased = await control(run, { command: 'erase', source: 'web', userId });
  expect(erased).toMatchObject({ archive: {} });
  expect(await control(run, { command: 'replay', ...selection, dryRun: true })).toMatchObject({
    events: past.length - 10,
    erased: 10,
  });
});
