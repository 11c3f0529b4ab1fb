/**
 * What user code can do to the thread it runs in, in the router and in a destination, through the deployed template and bundles at the
 * default timing: each event harms itself alone, and none is lost.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { PipelineConfig } from '../../config/index.ts';
import { alarmNotices, control, parkedKeys, stageStatus, untilStage } from '../support/operator.ts';
import { startLocalRun, type LocalRun } from '../support/local-run.ts';
import { Receiver, type ReceivedEvent } from '../support/receiver.ts';
import { DEADLINE_MS, until } from '../support/until.ts';
import { usersNamed } from './clients.ts';

const source = readFileSync(new URL('hostile-transform.mjs', import.meta.url), 'utf8');

type Sent = Readonly<Record<string, unknown>> & { readonly userId: string; readonly messageId: string };

const track = (userId: string, seq: number | string, properties: object = {}, more: object = {}): Sent => ({
  type: 'track',
  event: 'Step',
  userId,
  messageId: `${userId}-${String(seq)}`,
  properties: { seq, ...properties },
  ...more,
});

describe.each([
  ['the router', 'router'],
  ['a destination', 'crm'],
] as const)('a transform of %s', (_, stage) => {
  let receiver: Receiver;
  let run: LocalRun;

  const config = (): PipelineConfig => ({
    sources: [{ id: 'web', writeKey: 'web-key' }],
    destinations: [
      {
        id: 'crm',
        type: 'webhook',
        url: receiver.url('/crm'),
        ...(stage === 'crm' ? { transform: './hostile.mjs' } : {}),
      },
    ],
    ...(stage === 'router' ? { transform: './hostile.mjs' } : {}),
    // Everything here is poison of single users; that a threshold of it degrades the stage is another test's.
    degradedMode: { redriveThreshold: 100 },
    alerts: { urls: [receiver.url('/alarms')] },
  });

  /** One request, and so one batch of the queue as a rule. */
  const send = async (events: readonly Sent[]): Promise<void> => {
    const response = await fetch(`${run.dataPlaneUrl}/v1/batch`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('web-key:').toString('base64')}` },
      body: JSON.stringify({ batch: events }),
    });
    expect(response.status).toBe(200);
  };
  const taken = (): readonly ReceivedEvent[] => receiver.takenBy('/crm');
  const takenOf = (userId: string) => taken().filter((event) => event['userId'] === userId);
  const arrival = (users: readonly string[], deadlineMs = DEADLINE_MS) =>
    until(`an event of each of ${users.join(', ')}`, () => users.every((user) => takenOf(user).length > 0), {
      deadlineMs,
      context: () => run.output.slice(-6_000),
    });
  const crashLines = () =>
    run.output
      .split('\n')
      .filter((line) => line.includes('"message":"crashed"'))
      .map((line) => JSON.parse(line.slice(line.indexOf('{'))) as Readonly<Record<string, unknown>>);
  const crashOf = async (messageId: string) =>
    (await parkedKeys(run, stage)).find(({ crash }) => crash?.eventId === messageId)?.crash;

  beforeAll(async () => {
    receiver = await Receiver.start();
    run = await startLocalRun({
      config: config(),
      files: { 'hostile.mjs': source },
      env: { SLUICE_CONTROL_SECONDS: '5' },
    });
    // It is done at the end, three quarters of a minute later.
    await send(Array.from({ length: 1_100 }, (__, i) => track('slow', i, { how: 'slow' })));
  });

  it('that a dependency has patched JSON.stringify for makes nobody lose an event that has to be sent again', async () => {
    let answers = 0;
    receiver.answer('/crm', ({ events }) =>
      events.some(({ userId }) => userId === 'patched') && (answers += 1) === 1 ? 500 : 200,
    );
    await send([track('patched', 0, { list: [{ a: 1 }] }), track('patched', 1)]);
    await until('both to be taken', () => takenOf('patched').length >= 2, { context: () => run.output });
    expect(takenOf('patched')[0]).toMatchObject({ properties: { list: [{ a: 1 }] } });
    expect(takenOf('patched').map(({ messageId }) => messageId)).toEqual(['patched-0', 'patched-1']);
  });

  it(
    'that throws what cannot be shown has a record of that event alone, at its first attempt',
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
      await send([
        ...whats.map((what) => track(`throw-${what}`, 0, { how: 'throw', what })),
        track('beside-throws', 0),
      ]);
      await arrival(['beside-throws']);
      for (const what of whats) {
        const crash = await until(`${what} to be parked`, () => crashOf(`throw-${what}-0`), {
          deadlineMs: 2 * DEADLINE_MS,
          context: () => run.output.slice(-4_000),
        });
        expect(crash).toMatchObject({
          kind: 'throw',
          error: expect.stringMatching(/^(Error: |threw )./) as unknown,
        });
        const own = crashLines().filter(({ eventId }) => eventId === `throw-${what}-0`);
        expect(own[0]).toMatchObject({ kind: 'throw', receiveCount: 1, stage });
        expect(own.length).toBeGreaterThanOrEqual(3);
      }
      expect(takenOf('beside-throws')).toHaveLength(1);
    },
    4 * DEADLINE_MS,
  );

  it.each([
    ['exit', 'exit'],
    ['loop', 'timeout'],
    ['memory', 'memory'],
  ] as const)(
    'that ends by %s in a batch of ten users holds back its own alone',
    async (how, kind) => {
      const bad = `${how}-bad`;
      const good = usersNamed(`${how}-good`, 9);
      await send([
        ...good.slice(0, 4).map((user) => track(user, 0)),
        track(bad, 0, { how }),
        ...good.slice(4).map((user) => track(user, 0)),
      ]);
      // Far below the visibility timeouts, which an end of the process would cost.
      await arrival(good);
      const parked = await until(`${bad} to be parked`, () => crashOf(`${bad}-0`), {
        deadlineMs: 2 * DEADLINE_MS,
        context: () => run.output.slice(-6_000),
      });
      expect(parked).toMatchObject({ kind, error: expect.any(String) as unknown });
      const own = crashLines().filter(({ eventId }) => eventId === `${bad}-0`);
      // On a machine that has much else to do the thread may use up the process's memory before it is looked at: then the process
      // ends, last words charge the message, and what had been delivered beside it is delivered again.
      if (how !== 'memory')
        expect(own.slice(0, 3).map(({ receiveCount }) => receiveCount)).toEqual([1, 2, 3]);
      // Nobody else has been charged.
      expect(crashLines().filter(({ eventId }) => String(eventId).startsWith(`${how}-good`))).toEqual([]);
      for (const user of good) {
        if (how === 'memory') expect(takenOf(user).length).toBeGreaterThanOrEqual(1);
        else expect(takenOf(user)).toHaveLength(1);
      }
    },
    4 * DEADLINE_MS,
  );

  it(
    'that fails after it has returned delays and charges nobody',
    async () => {
      const { epoch } = await stageStatus(run, stage);
      const before = crashLines().length;
      const good = usersNamed('innocent', 5);
      for (let seq = 0; seq < 6; seq += 1) {
        await send([track('late', seq, { how: 'late' }), ...good.map((user) => track(user, seq))]);
        await new Promise((done) => setTimeout(done, 400));
      }
      await until(
        'all of them',
        () => good.every((user) => takenOf(user).length >= 6) && takenOf('late').length >= 6,
        {
          context: () => run.output.slice(-6_000),
        },
      );
      for (const user of ['late', ...good]) expect(takenOf(user)).toHaveLength(6);
      const status = await untilStage(
        run,
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
      const own = crashLines().slice(before);
      expect(own.filter(({ eventId }) => /^(late|innocent)-/.test(String(eventId)))).toEqual([]);
    },
    3 * DEADLINE_MS,
  );

  it('that makes other outputs on the retry leaves none out', async () => {
    let answers = 0;
    receiver.answer('/crm', ({ events }) =>
      events.some(({ userId }) => userId === 'shopper') && (answers += 1) === 2 ? 503 : 200,
    );
    await send([track('shopper', 0, { how: 'outputs' })]);
    await until('the purchase', () => takenOf('shopper').some(({ event }) => event === 'Purchase'), {
      context: () => run.output.slice(-6_000),
    });
    expect(takenOf('shopper')[0]).toMatchObject({ event: 'Session Started' });
  });

  it('that makes events too large for a queue, of long ids that are alike, loses none', async () => {
    const messageId = 'i'.repeat(1_100);
    await send([0, 1].map((seq) => ({ ...track('grower', seq, { how: 'grows' }), messageId })));
    if (stage === 'crm') {
      await until('both', () => takenOf('grower').length >= 2, { context: () => run.output.slice(-4_000) });
      return;
    }
    const records = await until(
      'both records',
      async () => {
        const { events } = await control(run, { command: 'rejected', stage, content: true });
        return events.length >= 2 ? events : undefined;
      },
      { context: () => run.output.slice(-4_000) },
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
    await send([track('logger', 0, { how: 'log' }, metric)]);
    await arrival(['logger']);
    await new Promise((done) => setTimeout(done, 6_000));
    const rung = alarmNotices(receiver.sentTo('/alarms')).filter(
      ({ name, state }) => name.includes('degraded') && state === 'ALARM',
    );
    expect(rung).toEqual([]);
    expect(await stageStatus(run, stage)).toMatchObject({ mode: 'normal' });
  });

  it(
    'that takes longer for a message than its function has continues where it stopped',
    async () => {
      await until('all of the long message', () => takenOf('slow').length >= 1_100, {
        deadlineMs: 4 * DEADLINE_MS,
        context: () => `${String(takenOf('slow').length)} arrived\n${run.output.slice(-4_000)}`,
      });
      expect(takenOf('slow').map(({ messageId }) => messageId)).toEqual(
        Array.from({ length: 1_100 }, (__, i) => `slow-${String(i)}`),
      );
      expect(crashLines().filter(({ eventId }) => String(eventId).startsWith('slow-'))).toEqual([]);
      expect(run.output).not.toContain('Task timed out');
    },
    5 * DEADLINE_MS,
  );
});
