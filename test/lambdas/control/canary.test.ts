/** What control keeps and shows of the canary, over DynamoDB. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoCanaryStore } from '../../../lambdas/aws/canary-store.ts';
import { dynamoCalls } from '../../../lambdas/aws/sdk-calls.ts';
import { control } from '../../../lambdas/control/control.ts';
import { readTrigger } from '../../../lambdas/control/trigger.ts';
import { startTables, TABLES } from '../../aws/tables.ts';
import { World } from './world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

const newWorld = (stage: string) => {
  const world = new World();
  const store = new DynamoCanaryStore(dynamoCalls(tables.client), TABLES.state, stage, () => world.now);
  const deps = { ...world.deps, pipeline: 'P', canary: { writeKey: 'key', store } };
  return { world, store, ask: (event: object) => control(event, deps) };
};

const page = (AlarmName: string, NewStateValue: string) => ({
  Records: [
    {
      EventSource: 'aws:sns',
      Sns: {
        Message: JSON.stringify({
          AlarmName,
          NewStateValue,
          StateChangeTime: '2026-01-01T00:00:00.000+0000',
        }),
      },
    },
  ],
});

describe('the canary', () => {
  it('is ordered to answer for a while; the order ends on its own', async () => {
    const { world, ask } = newWorld('c1');
    expect(await ask({ command: 'canary' })).toEqual({
      ok: true,
      result: { writeKey: 'key', arrivals: [], pages: [] },
    });
    const orders = { answer: 'throw', users: ['ada'], until: world.now + 60_000 };
    expect(await ask({ command: 'canary-set', answer: 'throw', users: ['ada'], seconds: 60 })).toMatchObject({
      ok: true,
      result: { orders },
    });
    world.now += 60_000;
    expect(await ask({ command: 'canary' })).not.toHaveProperty('result.orders');
  });

  it('shows the arrivals of the run that is asked for, in their order', async () => {
    const { store, ask } = newWorld('c2');
    const arrivals = [1, 2, 3].map((at) => ({ id: `e${at}`, delivery: `d${at}`, at }));
    for (const arrival of arrivals) await store.addArrival('r1', arrival);
    expect(await ask({ command: 'canary', run: 'r1' })).toMatchObject({ result: { arrivals } });
    expect(await ask({ command: 'canary', run: 'r2' })).toMatchObject({ result: { arrivals: [] } });
  });

  it('has its own pages, and those of no other alarm', async () => {
    const { world, ask } = newWorld('c3');
    await ask(page('P: router is in degraded mode', 'ALARM'));
    await ask(page('P: canary is in degraded mode', 'ALARM'));
    await ask(page('P: canary is in degraded mode', 'OK'));
    const changedAt = Date.UTC(2026, 0, 1);
    expect(await ask({ command: 'canary' })).toMatchObject({
      result: {
        pages: [
          { state: 'ALARM', changedAt, receivedAt: world.now },
          { state: 'OK', changedAt, receivedAt: world.now },
        ],
      },
    });
  });

  it('keeps the latest pages only', async () => {
    const { store } = newWorld('c4');
    for (let at = 1; at <= 45; at += 1) await store.addPage({ state: 'OK', changedAt: at, receivedAt: at });
    const pages = await store.readPages();
    expect(pages.length).toBeLessThanOrEqual(40);
    expect(pages.at(-1)?.changedAt).toBe(45);
    expect(pages.map(({ changedAt }) => changedAt)).toEqual(
      pages.map(({ changedAt }) => changedAt).sort((one, other) => one - other),
    );
  });

  it('remembers when a drill passed', async () => {
    const { world, ask } = newWorld('c5');
    await ask({ command: 'canary-set', drilled: true });
    expect(await ask({ command: 'canary' })).toMatchObject({ result: { drilledAt: world.now } });
  });
});

it('a pipeline without one says how to get one', async () => {
  for (const request of [{ command: 'canary' }, { command: 'canary-set', answer: 'take' }])
    expect(await control(request, new World().deps)).toEqual({
      ok: false,
      refused: 'the pipeline has no canary; set canary: true in its configuration, and deploy',
    });
});

it.each([
  [{ command: 'canary', run: 'A b' }, 'run: use small letters and digits, at most 40'],
  [{ command: 'canary-set', answer: 'explode' }, 'answer: use take, throw, refuse'],
  [{ command: 'canary-set', seconds: 3_601 }, 'seconds: at most 3600: an order must not outlive its check'],
])('a request that is wrong is refused: %j', (request, refused) => {
  expect(readTrigger(request)).toEqual({ kind: 'refused', refused });
});
