/**
 * A stage is normal on evidence only: destinations that are down, refuse, or are locked; poison among good events. Each has its
 * own source, so that all scenarios share one local run and happen at the same time: most of each is waiting, for windows,
 * pauses and the minutes of alarms. A fake pager sees one incident of each.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from '@jest/globals';
import type { PipelineConfig } from '../../config/index.ts';
import { audit, CLEAN } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { withoutRedeliveries } from '../support/arrivals.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { alarmNotices } from '../../tools/driver/alarms.ts';
import { incidentStates, stageStatus, untilMode, untilStage } from '../support/operator.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly, usersNamed } from '../integration/clients.ts';

let receiver: Receiver;
let run: LocalRun;

const ids = ['dead', 'refusing', 'misdirected', 'locked', 'poisoned', 'packed'] as const;
type Id = (typeof ids)[number];

const poison = `export default (event) => {
  if (event.userId.startsWith('poison-')) throw new Error('cannot read ' + event.userId);
  return event;
};`;

const config = (): PipelineConfig => ({
  sources: ids.map((id) => ({ id, writeKey: `${id}-key` })),
  destinations: ids.map((id) => ({
    id,
    type: 'webhook',
    url: receiver.url(`/${id}`),
    sources: [id],
    ...(id === 'locked' ? { headers: { authorization: { secretName: 'missing' } } } : {}),
    // A thousand events are a hundred requests.
    ...(id === 'packed' ? { batch: 10 } : {}),
    ...(id === 'poisoned' ? { transform: './poison.mjs' } : {}),
  })),
  timing: {
    requestTimeout: '2s',
    deliverTimeout: '10s',
    deliverVisibility: '60s',
    maxBackoff: '2s',
    refusalDelay: '2s',
  },
  degradedMode: {
    window: '20s',
    stallAfter: '20s',
    breakerTime: '5s',
    parkAfter: '25s',
    pause: '10s',
    maxPause: '20s',
    maxDrainBackoff: '40s',
  },
  alerts: { pagerDuty: { secretName: 'pager-url' } },
});

const send = (id: Id, users: readonly string[], each: number, batch = 20): Promise<void> =>
  sendPlainly(eventsOf(users, each), { url: () => run.dataPlaneUrl, writeKey: `${id}-key`, batch });

const notices = (id: Id) =>
  alarmNotices(receiver.sentTo('/pager')).filter(({ name }) => /degraded/i.test(name) && name.includes(id));

const paged = (id: Id): Promise<unknown> =>
  until(`the page of ${id}`, () => incidentStates(notices(id)).length > 0, {
    deadlineMs: 3 * DEADLINE_MS,
    context: () => `${JSON.stringify(notices(id))}\n${run.output.slice(-6_000)}`,
  });

const resolved = (id: Id): Promise<unknown> =>
  until(`the page of ${id} to be resolved`, () => incidentStates(notices(id)).at(-1) === 'OK', {
    deadlineMs: 3 * DEADLINE_MS,
    context: () => `${JSON.stringify(notices(id))}\n${run.output.slice(-6_000)}`,
  });

const five = usersNamed('user', 5);
const sent = eventsOf(five, 2);
const many = usersNamed('good', 400);
const bad = usersNamed('poison', 10);
/** Events of one user: enough for a message to hold a thousand of them. */
const packed = eventsOf(['one', 'two'], 2_000);

/** A fixed stage recovers with the first delivery, delivers everything in order, and resolves its one page. */
const recovers = async (id: Id): Promise<void> => {
  await receiver.waitFor(`/${id}`, sent.length, { deadlineMs: 3 * DEADLINE_MS });
  expect(audit(sent, receiver.takenBy(`/${id}`))).toMatchObject({ lost: [], orderViolations: [] });
  await untilMode(run, id, 'normal');
  await resolved(id);
  expect(incidentStates(notices(id))).toEqual(['ALARM', 'OK']);
};

const scenarios: Readonly<Record<Id, () => Promise<void>>> = {
  dead: async () => {
    receiver.answer('/dead', { status: 503, body: 'down for maintenance' });
    await send('dead', five, 2);
    const status = await untilMode(run, 'dead', 'degraded');
    expect(status.lastFailure?.text).toMatch(/503.*down for maintenance/);
    // Many windows, pauses and trials.
    for (let i = 0; i < 20; i += 1) {
      await sleep(2_000);
      expect((await stageStatus(run, 'dead')).mode).not.toBe('normal');
    }
    await paged('dead');
    expect(incidentStates(notices('dead'))).toEqual(['ALARM']);
    receiver.answer('/dead', 200);
    await recovers('dead');
  },

  refusing: async () => {
    receiver.answer('/refusing', { status: 400, body: 'unknown tenant' });
    const traffic = { isOver: false };
    const sending = (async () => {
      for (let seq = 0; !traffic.isOver; seq += 1) {
        await sendPlainly(eventsOf(five, 1, seq), { url: () => run.dataPlaneUrl, writeKey: 'refusing-key' });
        await sleep(500);
      }
    })();
    try {
      const status = await untilMode(run, 'refusing', 'degraded');
      expect(status.lastRejection?.text).toMatch(/400.*unknown tenant/);
    } finally {
      traffic.isOver = true;
      await sending;
    }
    const kept = await untilStage(run, 'refusing', 'waiting', ({ waiting }) => waiting.messages > 0);
    expect(kept.mode).not.toBe('normal');
    await paged('refusing');
    receiver.answer('/refusing', 200);
    await untilMode(run, 'refusing', 'normal');
    await untilStage(
      run,
      'refusing',
      'empty',
      ({ queue, parkedKeys }) => queue.visible + queue.inFlight + parkedKeys === 0,
    );
    await resolved('refusing');
    expect(incidentStates(notices('refusing'))).toEqual(['ALARM', 'OK']);
  },

  misdirected: async () => {
    receiver.answer('/misdirected', 421);
    await send('misdirected', five, 2);
    const status = await untilMode(run, 'misdirected', 'degraded');
    expect(status.lastFailure?.text).toMatch(/421/);
    await paged('misdirected');
    receiver.answer('/misdirected', 200);
    await recovers('misdirected');
  },

  locked: async () => {
    await send('locked', five, 2);
    const status = await untilMode(run, 'locked', 'degraded');
    expect(status.lastRefusal?.text).toMatch(/missing/);
    await paged('locked');
    run.setSecrets({ 'pager-url': receiver.url('/pager'), missing: 'Bearer found' });
    await recovers('locked');
  },

  poisoned: async () => {
    // All of them within a window, which the page requires.
    const all = many.flatMap((user, i) => (i % 4 === 0 && i < 40 ? [bad[i / 4] ?? user, user] : [user]));
    await send('poisoned', all, 10, 100);
    const good = eventsOf(many, 10);
    await until('the good ones', () => receiver.takenBy('/poisoned').length >= good.length, {
      deadlineMs: 4 * DEADLINE_MS,
      context: () => String(receiver.takenBy('/poisoned').length),
    });
    expect(audit(good, receiver.takenBy('/poisoned'))).toMatchObject({ lost: [], orderViolations: [] });
    const status = await untilStage(
      run,
      'poisoned',
      'with ten parked keys',
      ({ parkedKeys }) => parkedKeys === 10,
    );
    expect(status).toMatchObject({ mode: 'normal', epoch: 0 });
    expect(incidentStates(notices('poisoned'))).toEqual([]);
    const parkedPages = () =>
      alarmNotices(receiver.sentTo('/pager')).filter(
        ({ name, state }) => /parked/i.test(name) && state === 'ALARM',
      );
    await until('the page about parked users', () => parkedPages().length > 0, {
      deadlineMs: 6 * DEADLINE_MS,
      context: () => JSON.stringify(alarmNotices(receiver.sentTo('/pager'))),
    });
  },

  packed: async () => {
    let requests = 0;
    receiver.answer('/packed', () => ((requests += 1) % 5 === 0 ? 503 : 200));
    for (const user of ['one', 'two'])
      await sendPlainly(
        packed.filter((event) => event.user === user),
        { url: () => run.dataPlaneUrl, writeKey: 'packed-key', batch: 1_000 },
      );
    await receiver.waitFor('/packed', packed.length, { deadlineMs: 8 * DEADLINE_MS });
    // Requests of ten events: a redelivery continues after the last finished request.
    expect(audit(packed, withoutRedeliveries(receiver.takenBy('/packed'), 10))).toEqual(CLEAN);
    expect(await stageStatus(run, 'packed')).toMatchObject({ mode: 'normal', epoch: 0 });
    expect(incidentStates(notices('packed'))).toEqual([]);
  },
};

const runs = new Map<Id, Promise<void>>();

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: config(),
    files: { 'poison.mjs': poison },
    secrets: { 'pager-url': receiver.url('/pager') },
    env: { SLUICE_CONTROL_SECONDS: '4' },
  });
  for (const id of ids) {
    // The two with thousands of events come one after the other.
    const scenario =
      id === 'packed' ? Promise.allSettled([runs.get('poisoned')]).then(scenarios[id]) : scenarios[id]();
    // It may fail before its test waits for it.
    scenario.catch(() => undefined);
    runs.set(id, scenario);
  }
});

it.each([
  ['a destination that is down is degraded, shows the reason, and recovers with the first delivery', 'dead'],
  ['one that rejects everything with 400 is degraded after a while, and keeps later events', 'refusing'],
  ['one that answers 421 is degraded, and loses no event', 'misdirected'],
  ['one whose secret is missing is degraded, and names the secret; no event is lost', 'locked'],
  ['ten poison users among 4,000 good events are parked, which pages; the stage stays normal', 'poisoned'],
  [
    'messages of 1,000 events, a fifth of the requests answered 503: in order, and the breaker stays closed',
    'packed',
  ],
] as const)(
  '%s',
  async (_, id) => {
    await runs.get(id);
  },
  12 * DEADLINE_MS,
);
