/**
 * What user code can do to the thread it runs in, in the router and in a destination, through the deployed template and bundles at the
 * default timing: each event harms only itself, and no event is lost.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { alarmNotices } from '../../tools/driver/alarms.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { arrivedIds } from '../support/arrivals.ts';
import { control, stageStatus, untilStage } from '../support/operator.ts';
import { usersNamed } from './clients.ts';
import { HostileRun, track } from './hostile-run.ts';

const idsOf = (user: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, seq) => `${user}-${String(seq)}`);

describe.each([
  ['the router', 'router'],
  ['a destination', 'crm'],
] as const)('a transform of %s', (_, stage) => {
  let hostile: HostileRun;
  const context = () => hostile.context();
  const arrivedOf = (user: string) => arrivedIds(hostile.takenOf(user));
  /** @param prefix of the events' ids @param from index of the first crash line */
  const crashesOf = (prefix: string, from = 0) =>
    hostile
      .crashLines()
      .slice(from)
      .filter(({ eventId }) => String(eventId).startsWith(prefix));

  beforeAll(async () => {
    hostile = await HostileRun.start(stage);
    // It is complete three quarters of a minute later, in the last test.
    await hostile.send(Array.from({ length: 1_100 }, (__, i) => track('slow', i, { how: 'slow' })));
  });

  it('whose dependency has patched JSON.stringify loses no event of a retried request', async () => {
    let answers = 0;
    hostile.receiver.answer('/crm', ({ events }) =>
      events.some(({ userId }) => userId === 'patched') && (answers += 1) === 1 ? 500 : 200,
    );
    await hostile.send([track('patched', 0, { list: [{ a: 1 }] }), track('patched', 1)]);
    await until('both events', () => new Set(arrivedOf('patched')).size >= 2, { context });
    expect(hostile.takenOf('patched')[0]).toMatchObject({ properties: { list: [{ a: 1 }] } });
    expect(arrivedIds(hostile.takenOf('patched'), 2)).toEqual(idsOf('patched', 2));
  });

  it(
    'that throws an unprintable value has a crash of that event alone, from its first attempt on',
    async () => {
      const whats = [
        'circular',
        'deep',
        'numberStack',
        'throwingMessage',
        'symbolName',
        'nullPrototype',
        'nullPrototypeCause',
        'hostileProxy',
        'throwingTag',
      ];
      await hostile.send([
        ...whats.map((what) => track(`throw-${what}`, 0, { how: 'throw', what })),
        track('in-the-batch', 0),
      ]);
      await hostile.arrival(['in-the-batch']);
      for (const what of whats) {
        expect(await hostile.untilParked(`throw-${what}-0`)).toMatchObject({
          kind: 'throw',
          error: expect.stringMatching(/^(Error: |threw )./) as unknown,
        });
        const own = crashesOf(`throw-${what}-0`);
        expect(own[0]).toMatchObject({ kind: 'throw', receiveCount: 1, stage });
        expect(own.length).toBeGreaterThanOrEqual(3);
      }
      expect(arrivedOf('in-the-batch')).toEqual(idsOf('in-the-batch', 1));
      expect(crashesOf('in-the-batch')).toEqual([]);
    },
    4 * DEADLINE_MS,
  );

  it.each([
    ['exit', 'exit'],
    ['loop', 'timeout'],
    ['memory', 'memory'],
  ] as const)(
    'that ends by %s in a batch of ten users delays only its own user',
    async (how, kind) => {
      const bad = `${how}-bad`;
      const good = usersNamed(`${how}-good`, 9);
      await hostile.send([
        ...good.slice(0, 4).map((user) => track(user, 0)),
        track(bad, 0, { how }),
        ...good.slice(4).map((user) => track(user, 0)),
      ]);
      // Much sooner than the visibility timeouts, for which the death of the process would hide them.
      await hostile.arrival(good);
      const crash = await hostile.untilParked(`${bad}-0`);
      const crashes = crashesOf(`${bad}-0`);
      // On a busy machine the thread may use up the process's memory before it is checked: then the process dies, and last words
      // charge the message instead; or its time may be over before its memory is.
      if (how === 'memory') {
        expect([crash, ...crashes].map(({ kind: ended }) => ended)).toContain('memory');
      } else {
        expect(crash).toMatchObject({ kind, error: expect.any(String) as unknown });
        expect(crashes.slice(0, 3).map(({ receiveCount }) => receiveCount)).toEqual([1, 2, 3]);
      }
      expect(crashesOf(`${how}-good`)).toEqual([]);
      for (const user of good) expect(arrivedOf(user)).toEqual(idsOf(user, 1));
    },
    4 * DEADLINE_MS,
  );

  it(
    'that fails after it has returned delays no user and charges no event',
    async () => {
      const { epoch } = await stageStatus(hostile.run, stage);
      const before = hostile.crashLines().length;
      const good = usersNamed('innocent', 5);
      for (let seq = 0; seq < 6; seq += 1) {
        await hostile.send([track('late', seq, { how: 'late' }), ...good.map((user) => track(user, seq))]);
        await new Promise((done) => setTimeout(done, 400));
      }
      const all = ['late', ...good];
      await until('all events', () => all.every((user) => arrivedOf(user).length >= 6), { context });
      for (const user of all) expect(arrivedOf(user)).toEqual(idsOf(user, 6));
      const status = await untilStage(
        hostile.run,
        stage,
        'with its late crashes',
        ({ lateCrashes }) => lateCrashes !== undefined,
      );
      expect(status).toMatchObject({ mode: 'normal', epoch });
      expect(status.lateCrashes?.last).toMatchObject({
        kind: 'late',
        error: 'Error: late failure of a side effect',
      });
      expect(status.lateCrashes?.last.eventId).toMatch(/^late-\d$/);
      expect([...crashesOf('late-', before), ...crashesOf('innocent-', before)]).toEqual([]);
    },
    3 * DEADLINE_MS,
  );

  it('that returns other outputs at the retry loses no output', async () => {
    let answers = 0;
    hostile.receiver.answer('/crm', ({ events }) =>
      events.some(({ userId }) => userId === 'shopper') && (answers += 1) === 2 ? 503 : 200,
    );
    await hostile.send([track('shopper', 0, { how: 'outputs' })]);
    const isPurchase = ({ event }: Readonly<Record<string, unknown>>) => event === 'Purchase';
    await until('the purchase', () => hostile.takenOf('shopper').some(isPurchase), { context });
    expect(hostile.takenOf('shopper')[0]).toMatchObject({ event: 'Session Started' });
  });

  it('that returns events too large for a queue, with long and similar ids, loses no event', async () => {
    const messageId = 'i'.repeat(1_100);
    await hostile.send([0, 1].map((seq) => ({ ...track('grower', seq, { how: 'grows' }), messageId })));
    if (stage === 'crm') {
      await until('both events', () => hostile.takenOf('grower').length >= 2, { context });
      return;
    }
    const records = await until(
      'both records',
      async () => {
        const { events } = await control(hostile.run, { command: 'rejected', stage, content: true });
        return events.length >= 2 ? events : undefined;
      },
      { context },
    );
    expect(records).toHaveLength(2);
    expect(records.map(({ reason }) => reason)).toEqual(
      Array(2).fill(expect.stringContaining('after the transform')),
    );
  });

  it('that prints an event with a metric in it raises no alarm', async () => {
    const metric = {
      _aws: {
        Timestamp: Date.now(),
        CloudWatchMetrics: [
          { Namespace: 'Sluice', Dimensions: [['Pipeline', 'Stage']], Metrics: [{ Name: 'DegradedMode' }] },
        ],
      },
      Pipeline: 'Sluice/Pipeline',
      Stage: stage,
      DegradedMode: 1,
    };
    await hostile.send([track('logger', 0, { how: 'log' }, metric)]);
    await hostile.arrival(['logger']);
    await new Promise((done) => setTimeout(done, 6_000));
    const raised = alarmNotices(hostile.receiver.sentTo('/alarms')).filter(
      ({ name, state }) => name.includes('degraded') && state === 'ALARM',
    );
    expect(raised).toEqual([]);
    expect(await stageStatus(hostile.run, stage)).toMatchObject({ mode: 'normal' });
  });

  it(
    'that needs more time for a message than its function has continues where it stopped',
    async () => {
      await until('all of the long message', () => arrivedOf('slow').length >= 1_100, {
        deadlineMs: 4 * DEADLINE_MS,
        context: () => `${String(arrivedOf('slow').length)} arrived\n${context()}`,
      });
      expect(arrivedOf('slow')).toEqual(idsOf('slow', 1_100));
      expect(crashesOf('slow-')).toEqual([]);
      // An invocation, that is: code that loads for more than Lambda's 10 seconds, on a busy machine, is cut off too.
      expect(hostile.run.output).not.toMatch(/Task timed out after (?!10\.00 )/);
    },
    5 * DEADLINE_MS,
  );
});
